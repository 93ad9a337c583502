/**
 * Operators of ONNX that may be loaded, by their domain. None of them reads or writes a file.
 * `Loop` is allowed if its number of iterations is a small constant: see `check-onnx.ts`.
 *
 * Left out: `EPContext` and others that load files or libraries, `BeamSearch` and others that
 * generate text, operators of training, and those that only internal passes of onnxruntime create.
 */

const words = (text: string) => text.trim().split(/\s+/);

/** The operators of the standard, https://onnx.ai/onnx/operators/ */
const standard = words(`
  Abs Acos Acosh Add Affine AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool
  BatchNormalization Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor
  BlackmanWindow Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress Concat
  ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos Cosh Crop CumProd
  CumSum DFT DeformConv DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum
  Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm
  GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization
  HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity If ImageScaler
  InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log
  LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean
  MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg NonMaxSuppression
  NonZero Not OneHot Optional OptionalGetElement OptionalHasElement Or PRelu Pad ParametricSoftplus
  Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN RandomNormal RandomNormalLike
  RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
  ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape
  Resize ReverseSequence RoiAlign RotaryEmbedding Round STFT Scale ScaledTanh Scan Scatter
  ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase
  SequenceInsert SequenceLength SequenceMap Shape Shrink Sigmoid Sign SimplifiedLayerNormalization
  Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze
  StringConcat StringNormalizer StringSplit Sub Sum SwiGLU Swish Tan Tanh TensorScatter
  TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where Xor
`);

/** Classical models: scikit-learn, XGBoost, LightGBM, CatBoost. */
const classical = words(`
  ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer
  LabelEncoder LinearClassifier LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor
  Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor ZipMap
`);

/** Quantized and fused operators, which the tools of onnxruntime and Optimum write. */
const microsoft = words(`
  Attention BiasAdd BiasGelu BiasSoftmax BiasSplitGelu CDist ComplexMul ComplexMulConj
  ConvTransposeWithDynamicPads CropAndResize DecoderMaskedMultiHeadAttention
  DecoderMaskedSelfAttention DequantizeLinear DynamicQuantizeLSTM DynamicQuantizeMatMul
  EmbedLayerNormalization ExpandDims FastGelu FusedConv FusedGemm FusedMatMul
  FusedMatMulActivation GatedRelativePositionBias GatherBlockQuantized GatherND Gelu GemmFastGelu
  GridSample GroupNorm GroupQueryAttention Inverse Irfft LongformerAttention MatMulBnb4
  MatMulInteger16 MatMulIntegerToFloat MatMulNBits MaxpoolWithMask MoE MulInteger
  MultiHeadAttention MurmurHash3 NhwcConv NhwcFusedConv NhwcMaxPool Pad QAttention
  QEmbedLayerNormalization QGemm QLinearAdd QLinearAveragePool QLinearConcat QLinearConv
  QLinearGlobalAveragePool QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid
  QLinearSoftmax QLinearWhere QMoE QuantizeLinear QuickGelu Range ReduceSumInteger
  RelativePositionBias RemovePadding RestorePadding Rfft RotaryEmbedding SkipGroupNorm
  SkipLayerNormalization SkipSimplifiedLayerNormalization SparseToDenseMatMul Tokenizer
  TransposeMatMul Trilu UnfoldTensor Unique WordConvEmbedding
`);

/** The allowed operators of each domain. The domain of the standard has two names. */
export const onnxOperators: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['', new Set(standard)],
  ['ai.onnx', new Set(standard)],
  ['ai.onnx.ml', new Set(classical)],
  ['com.microsoft', new Set(microsoft)],
]);
