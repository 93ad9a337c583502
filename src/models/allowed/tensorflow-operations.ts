/**
 * Operations of TensorFlow that a SavedModel may contain. None of them reads or writes a file,
 * opens a connection, repeats other operations, or calls code outside of the graph.
 *
 * Left out: everything on files (`ReadFile`, `WriteFile`, `MatchingFiles`, `PrintV2`,
 * `ImmutableConst`, readers, datasets, tables from text files), loops (`While`, `For`, `Enter` …),
 * calls of Python, custom calls of XLA, remote calls, queues, summaries and operations of training.
 */

const words = (text: string) => text.trim().split(/\s+/);

/** Structure of a graph: constants, inputs, calls of its own functions, branches. */
const structure = words(`
  Assert CheckNumerics Const ControlTrigger EnsureShape FakeParam Identity IdentityN
  If Merge NoOp PartitionedCall Placeholder PlaceholderV2 PlaceholderWithDefault PreventGradient Case
  Snapshot StatefulPartitionedCall StatelessCase StatelessIf StopGradient Switch Empty
  TensorListConcat TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather
  TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack TensorListReserve
  TensorListResize TensorListScatter TensorListScatterV2 TensorListSetItem TensorListSplit
  TensorListStack EmptyTensorList
`);

/** Variables with the weights, and tables whose contents are constants of the graph. */
const state = words(`
  Assign AssignVariableOp DisableCopyOnRead HashTable HashTableV2 InitializeTable InitializeTableV2
  IsVariableInitialized LookupTableExport LookupTableExportV2 LookupTableFind LookupTableFindV2
  LookupTableImport LookupTableImportV2 LookupTableSize LookupTableSizeV2 MutableHashTable
  MutableHashTableV2 AnonymousHashTable AnonymousMutableHashTable ReadVariableOp ResourceGather
  ResourceGatherNd VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2
`);

/** Arithmetic and comparisons. */
const arithmetic = words(`
  Abs AccumulateNV2 Acos Acosh Add AddN AddV2 All Angle Any ApproximateEqual ArgMax ArgMin Asin
  Asinh Atan Atan2 Atanh Betainc Bincount BitwiseAnd BitwiseOr BitwiseXor Bucketize Ceil ClipByValue
  Complex ComplexAbs Conj Cos Cosh Cross Cumprod Cumsum CumulativeLogsumexp DenseBincount Digamma
  Div DivNoNan Equal Erf Erfc Erfinv EuclideanNorm Exp Expm1 Floor FloorDiv FloorMod Greater
  GreaterEqual HistogramFixedWidth Igamma Igammac Imag Inv Invert IsFinite IsInf IsNan L2Loss
  LeftShift Less LessEqual Lgamma Log Log1p LogicalAnd LogicalNot LogicalOr Max Maximum Mean Min
  Minimum Mod Mul MulNoNan Ndtri Neg NextAfter NotEqual Polygamma PopulationCount Pow Prod Real
  RealDiv Reciprocal RightShift Rint Round Rsqrt SegmentMax SegmentMean SegmentMin SegmentProd
  SegmentSum Select SelectV2 Sigmoid Sign Sin Sinh Sqrt Square SquaredDifference Sub Sum Tan Tanh
  TruncateDiv TruncateMod UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd
  UnsortedSegmentSum Xdivy Xlog1py Xlogy Zeta
`);

/** Matrices and transforms. */
const matrices = words(`
  BatchMatMul BatchMatMulV2 BatchMatMulV3 Cholesky Diag DiagPart Einsum FFT FFT2D FFT3D IFFT
  IFFT2D IFFT3D IRFFT IRFFT2D IRFFT3D MatMul MatrixBandPart MatrixDeterminant MatrixDiag
  MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixInverse
  MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve MatrixTriangularSolve Qr RFFT RFFT2D
  RFFT3D SelfAdjointEigV2 SparseMatMul SparseTensorDenseMatMul Svd _FusedMatMul
`);

/** Layers of networks. */
const layers = words(`
  AvgPool AvgPool3D BiasAdd BiasAddV1 BlockLSTM BlockLSTMV2 Conv Conv2D Conv2DBackpropInput
  Conv2DBackpropInputV2 Conv3D Conv3DBackpropInput Conv3DBackpropInputV2 DepthwiseConv2dNative
  Dilation2D Elu FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel
  FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 FusedPadConv2D FusedResizeAndPadConv2D
  GRUBlockCell InTopK InTopKV2 LRN LSTMBlockCell LeakyRelu LogSoftmax MaxPool MaxPool3D MaxPoolV2
  MaxPoolWithArgmax Relu Relu6 Selu Softmax Softplus Softsign SparseSoftmax _FusedBatchNormEx
  _FusedConv2D _FusedDepthwiseConv2dNative
  Dequantize QuantizeAndDequantize QuantizeAndDequantizeV2 QuantizeAndDequantizeV3
  QuantizeAndDequantizeV4 QuantizeV2 QuantizedAdd QuantizedAvgPool QuantizedBiasAdd QuantizedConcat
  QuantizedConv2D QuantizedMatMul QuantizedMaxPool QuantizedMul QuantizedRelu QuantizedRelu6
  QuantizedReshape RequantizationRange Requantize UniformDequantize UniformQuantize
  UniformQuantizedAdd UniformQuantizedConvolution UniformQuantizedDot UniformRequantize
`);

/** Shapes, types, and choices of elements. */
const shapes = words(`
  BatchToSpace BatchToSpaceND Bitcast BroadcastArgs BroadcastTo Cast Concat ConcatOffset ConcatV2
  DataFormatDimMap DataFormatVecPermute DepthToSpace DynamicPartition DynamicStitch ExpandDims
  ExtractImagePatches ExtractVolumePatches Fill Gather GatherNd GatherV2 InvertPermutation LinSpace
  ListDiff LowerBound MirrorPad NthElement OneHot OnesLike Pack Pad PadV2 ParallelConcat
  ParallelDynamicStitch Range Rank Reshape Reverse ReverseSequence ReverseV2 Roll ScatterNd
  SetSize Shape ShapeN Size Slice SpaceToBatch SpaceToBatchND SpaceToDepth SparseConcat
  SparseFillEmptyRows SparseReorder SparseReshape SparseSegmentMean
  SparseSegmentMeanWithNumSegments SparseSegmentSqrtN SparseSegmentSqrtNWithNumSegments
  SparseSegmentSum SparseSegmentSumWithNumSegments SparseSlice SparseSplit SparseToDense Split
  SplitV Squeeze StridedSlice TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub
  TensorScatterUpdate Tile TopK TopKV2 Transpose UniqueV2 Unique UniqueWithCounts
  UniqueWithCountsV2 Unpack UnravelIndex UpperBound Where ZerosLike
  RaggedBincount RaggedFillEmptyRows RaggedGather RaggedRange RaggedTensorFromVariant
  RaggedTensorToSparse RaggedTensorToTensor RaggedTensorToVariant
`);

/** Random numbers, of layers that only training uses. */
const random = words(`
  Multinomial RandomGamma RandomShuffle RandomStandardNormal RandomUniform RandomUniformInt
  StatelessMultinomial StatelessRandomGetAlg StatelessRandomGetKeyCounter
  StatelessRandomGetKeyCounterAlg StatelessRandomNormal StatelessRandomNormalV2
  StatelessRandomUniform StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2
  StatelessRandomUniformInt StatelessRandomUniformIntV2 StatelessRandomUniformV2
  StatelessTruncatedNormal StatelessTruncatedNormalV2 TruncatedNormal
  RngReadAndSkip RngSkip StatefulStandardNormalV2 StatefulTruncatedNormal
  StatefulUniform StatefulUniformFullInt StatefulUniformInt
`);

/** Preprocessing of images that are tensors already, or are decoded from the bytes of an input. */
const images = words(`
  AdjustContrastv2 AdjustHue AdjustSaturation CombinedNonMaxSuppression CropAndResize
  DecodeAndCropJpeg DecodeBmp DecodeImage DecodeJpeg DecodePng DrawBoundingBoxesV2 ExtractGlimpse
  HSVToRGB ImageProjectiveTransformV2 ImageProjectiveTransformV3 NonMaxSuppression
  NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5 RGBToHSV
  ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate
`);

/** Preprocessing of texts. Regular expressions are those of RE2, whose time is linear. */
const texts = words(`
  AsString DecodeBase64 DecodeRaw EncodeBase64 ReduceJoin RegexFullMatch RegexReplace
  StaticRegexFullMatch StaticRegexReplace StringFormat StringJoin StringLength StringLower
  StringNGrams StringSplit StringSplitV2 StringStrip StringToHashBucket StringToHashBucketFast
  StringToHashBucketStrong StringToNumber StringUpper Substr UnicodeDecode UnicodeDecodeWithOffsets
  UnicodeEncode UnicodeScript UnicodeTranscode UnsortedSegmentJoin
`);

/** Parsing of serialized examples, as in exports for TensorFlow Serving. */
const parsing = words(`
  ParseExample ParseExampleV2 ParseSingleExample ParseTensor
`);

/** Operations that any part of the graph may use. */
export const tensorflowOperations: ReadonlySet<string> = new Set([
  ...[...structure, ...state, ...arithmetic, ...matrices, ...layers, ...shapes, ...random],
  ...[...images, ...texts, ...parsing],
]);

/** Reads the weights, only in the part that TensorFlow runs to restore variables. */
export const restoringOperations: ReadonlySet<string> = new Set(['Restore', 'RestoreV2']);

/** Writes weights, only in the part that saves variables again, which is never run here. */
export const savingOperations: ReadonlySet<string> = new Set([
  ...['MergeV2Checkpoints', 'Save', 'SaveSlices', 'SaveV2', 'ShardedFilename', 'ShardedFilespec'],
]);
