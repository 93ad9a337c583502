/**
 * Layers of tfjs that a LayersModel may contain. Left out are layers with code of their own, such
 * as Lambda, and those that generate or split texts.
 */

const words = (text: string) => text.trim().split(/\s+/);

export const layerClasses: ReadonlySet<string> = new Set(
  words(`
    Activation Add AlphaDropout Average AveragePooling1D AveragePooling2D AveragePooling3D
    BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate Conv1D Conv2D
    Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM2D ConvLSTM2DCell Cropping2D Dense DepthwiseConv2D
    Dot Dropout ELU Embedding Flatten Functional GRU GRUCell GaussianDropout GaussianNoise
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D InputLayer
    LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum
    Minimum Model Multiply PReLU Permute RNN RandomWidth ReLU RepeatVector Rescaling Reshape Resizing
    SeparableConv2D Sequential SimpleRNN SimpleRNNCell Softmax SpatialDropout1D StackedRNNCells
    ThresholdedReLU TimeDistributed UpSampling2D ZeroPadding2D
  `),
);

/** Initializers, regularizers, constraints and types, which layers name in the same way. */
export const layerParts: ReadonlySet<string> = new Set(
  words(`
    Constant DTypePolicy GlorotNormal GlorotUniform HeNormal HeUniform Identity L1 L1L2 L2
    LeCunNormal LeCunUniform LecunNormal LecunUniform MaxNorm MinMaxNorm NonNeg Ones Orthogonal
    Policy RandomNormal RandomUniform TruncatedNormal UnitNorm VarianceScaling Zeros
  `),
);
