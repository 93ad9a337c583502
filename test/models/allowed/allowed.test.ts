/** Models with parts that are not allowed are refused before a library reads them. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../../src/errors.ts';
import { expandedNodes } from '../../../src/models/allowed/budget.ts';
import { checkGraphModel } from '../../../src/models/allowed/check-graph-model.ts';
import { checkAllowedLayers } from '../../../src/models/allowed/check-layers.ts';
import { checkOnnx } from '../../../src/models/allowed/check-onnx.ts';
import { checkSavedModel } from '../../../src/models/allowed/check-saved-model.ts';
import { bytesField, integerField } from '../../../src/models/protobuf-write.ts';
import {
  constantNode,
  endlessOnnx,
  externalTensor,
  functionAttribute,
  graphAttribute,
  int64Tensor,
  onnxFunction,
  onnxGraph,
  onnxModel,
  onnxNode,
  placeholder,
  readsFile,
  type SavedModelParts,
  savedModelFile,
  tensorAttribute,
  tensorflowFunction,
  tensorflowNode,
  writesAtLoad,
} from '../../support/hostile-models.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'counterweight-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Returns the message and the hint of a refusal; undefined if the model is allowed. */
async function refusal(check: () => unknown): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return `${(error as UserError).message}. ${(error as UserError).hint}`;
  }
}

async function onnx(bytes: Uint8Array): Promise<string | undefined> {
  await writeFile(join(folder, 'model.onnx'), bytes);
  return refusal(() => checkOnnx(join(folder, 'model.onnx'), 'the ONNX model a.onnx'));
}

async function savedModel(bytes: Uint8Array): Promise<string | undefined> {
  await writeFile(join(folder, 'saved_model.pb'), bytes);
  return refusal(() => checkSavedModel(folder, 'the SavedModel a'));
}

describe('the fixtures and examples', () => {
  test('are allowed', async () => {
    const fixtures = join(import.meta.dirname, '../../fixtures');
    const paths = (await readdir(fixtures, { recursive: true })).map((path) =>
      join(fixtures, path),
    );
    const checks = paths.flatMap((path) => {
      if (path.endsWith('.onnx')) return [() => checkOnnx(path, path)];
      if (path.endsWith('saved_model.pb')) return [() => checkSavedModel(join(path, '..'), path)];
      return [];
    });
    expect(checks.length).toBeGreaterThan(20);
    for (const check of checks) expect(await refusal(check)).toBeUndefined();
  });
});

describe('an ONNX model', () => {
  const relu = onnxNode({ operator: 'Relu', inputs: ['x'] });

  test('of allowed operators', async () => {
    const gelu = onnxNode({ operator: 'Gelu', domain: 'com.microsoft', inputs: ['x'] });
    expect(await onnx(onnxModel({ nodes: [relu, gelu] }))).toBeUndefined();
  });

  test.each([
    ['EPContext', 'com.microsoft'],
    ['Relu', 'org.example'],
    ['ReadFile', ''],
    ['BeamSearch', 'com.microsoft'],
  ])('%s of %j', async (operator, domain) => {
    const told = await onnx(onnxModel({ nodes: [relu, onnxNode({ operator, domain })] }));
    expect(told).toContain(`the ONNX model a.onnx has the operator '${operator}'`);
    expect(told).toContain('docs/security.md');
  });

  test.each(['If', 'Scan'])('in a graph inside %s', async (operator) => {
    const inner = onnxGraph({ nodes: [onnxNode({ operator: 'EPContext' })] });
    const attributes = [graphAttribute('body', inner)];
    const told = await onnx(onnxModel({ nodes: [onnxNode({ operator, attributes })] }));
    expect(told).toContain("the operator 'EPContext'");
  });

  test('in a function', async () => {
    const call = onnxNode({ operator: 'f', domain: 'own', inputs: ['x'] });
    const allowed = onnxModel({ nodes: [call] }, [onnxFunction('f', [relu])]);
    expect(await onnx(allowed)).toBeUndefined();
    const hidden = onnxModel({ nodes: [call] }, [
      onnxFunction('f', [onnxNode({ operator: 'EPContext' })]),
    ]);
    expect(await onnx(hidden)).toContain("the operator 'EPContext'");
  });

  test('functions that call themselves, or expand without end', async () => {
    const call = (name: string) => onnxNode({ operator: name, domain: 'own', inputs: ['x'] });
    const endless = onnxModel({ nodes: [call('f')] }, [onnxFunction('f', [call('f')])]);
    expect(await onnx(endless)).toContain('functions that call each other');
    const doubling = Array.from({ length: 30 }, (_, level) =>
      onnxFunction(`f${level}`, [call(`f${level + 1}`), call(`f${level + 1}`)]),
    );
    const many = onnxModel({ nodes: [call('f0')] }, [...doubling, onnxFunction('f30', [relu])]);
    expect(await onnx(many)).toContain('functions that call each other');
  });

  test('loops: only with a constant number of iterations', async () => {
    expect(await onnx(endlessOnnx(undefined))).toContain('an unknown number of iterations');
    expect(await onnx(endlessOnnx(2 ** 40))).toContain(`${2 ** 40} iterations`);
    expect(await onnx(endlessOnnx(100))).toBeUndefined();
  });

  test('a loop in a loop', async () => {
    const weights = [int64Tensor('count', [], [200])];
    const loop = (nodes: readonly Buffer[]) =>
      onnxNode({
        operator: 'Loop',
        inputs: ['count', 'yes'],
        attributes: [graphAttribute('body', onnxGraph({ nodes }))],
      });
    const told = await onnx(onnxModel({ nodes: [loop([loop([relu])])], weights }));
    expect(told).toContain('40000 iterations');
  });

  test('tensors that expand', async () => {
    const weights = [int64Tensor('shape', [2], [60_000, 60_000])];
    for (const [operator, inputs] of [
      ['ConstantOfShape', ['shape']],
      ['Expand', ['x', 'shape']],
      ['Tile', ['x', 'shape']],
    ] as const) {
      const told = await onnx(onnxModel({ nodes: [onnxNode({ operator, inputs })], weights }));
      expect(told).toContain(`'${operator}' (node 'the ${operator}') with 3600000000 numbers`);
    }
    const shape = onnxNode({
      operator: 'Constant',
      outputs: ['s'],
      attributes: [tensorAttribute('value', int64Tensor('', [1], [2 ** 32]))],
    });
    const node = onnxNode({ operator: 'ConstantOfShape', inputs: ['s'] });
    expect(await onnx(onnxModel({ nodes: [node, shape] }))).toContain('4294967296 numbers');
  });

  test.each(['../../secret', '/etc/passwd', 'C:\\secret', '*/_ORT_MEM_ADDR_/*'])(
    'weights at %s',
    async (location) => {
      const told = await onnx(
        onnxModel({ nodes: [relu], weights: [externalTensor('w', location)] }),
      );
      expect(told).toContain(`weights at '${location}', outside the model's folder`);
    },
  );

  test("onnxruntime's own format, also as the start of an ONNX file", async () => {
    // Field 100, of 5 bytes: libraries of protobuf skip it.
    const start = Buffer.concat([Buffer.from([0xa2, 0x06, 5, 0]), Buffer.from('ORTM')]);
    const told = await onnx(Buffer.concat([start, onnxModel({ nodes: [relu] })]));
    expect(told).toContain("onnxruntime's own format");
  });

  test('an operator with two names, a tag or a type that libraries read otherwise', async () => {
    const twice = Buffer.concat([relu, bytesField(4, 'EPContext')]);
    const checking = async (bytes: Uint8Array) => {
      await writeFile(join(folder, 'model.onnx'), bytes);
      return checkOnnx(join(folder, 'model.onnx'), 'a.onnx');
    };
    await expect(checking(onnxModel({ nodes: [twice] }))).rejects.toThrow('a.onnx is damaged');
    // Field 7 for libraries that keep 32 bits of a tag.
    const tag = Buffer.from([0x3a + 0x80, 0x80, 0x80, 0x80, 0x10]);
    const graph = onnxGraph({ nodes: [onnxNode({ operator: 'EPContext' })] });
    const bytes = Buffer.concat([tag, bytesField(1, graph).subarray(1)]);
    await expect(checking(bytes)).rejects.toThrow('a.onnx is damaged');
    // The type int64 for the same libraries.
    const shape = Buffer.concat([integerField(2, 2 ** 32 + 7), int64Tensor('shape', [1], [9])]);
    const weights = [shape];
    await expect(checking(onnxModel({ nodes: [relu], weights }))).rejects.toThrow('is damaged');
  });
});

describe('a SavedModel', () => {
  const outputs = { serving_default: [['y', 'y:0']] } as const;
  const relu = tensorflowNode('y', 'Relu', ['x']);
  const plain = { nodes: [placeholder('x', [1, 3]), relu], signatures: outputs };
  const told = (parts: Partial<SavedModelParts>) =>
    savedModel(savedModelFile({ ...plain, ...parts }));

  test('of allowed operations', async () => {
    expect(await told({})).toBeUndefined();
  });

  test.each([
    ...['ReadFile', 'WriteFile', 'MatchingFiles', 'PrintV2', 'ImmutableConst', 'PyFunc'],
    ...['InitializeTableFromTextFileV2', 'TextLineDataset', 'DebugIdentity', 'While', 'Enter'],
    ...['XlaCustomCallV2', 'SymbolicGradient', 'RpcCall'],
  ])('%s, in the graph and in a function', async (operation) => {
    const node = tensorflowNode('bad', operation);
    const message = `the SavedModel a has the operation '${operation}' (node 'bad'`;
    expect(await told({ nodes: [...plain.nodes, node] })).toContain(message);
    const functions = [tensorflowFunction('__inference_f_1', [node])];
    expect(await told({ functions })).toContain(`${message} of the function '__inference_f_1')`);
  });

  test('that writes when it is loaded, or reads when it is called', async () => {
    expect(await savedModel(writesAtLoad('/tmp/x', 'x'))).toContain("'WriteFile'");
    expect(await savedModel(readsFile('/etc/hostname', 3))).toContain("'ReadFile'");
  });

  test('a function with the name of an operation', async () => {
    const functions = [tensorflowFunction('WriteFile', [relu])];
    expect(await told({ functions })).toContain("a function with the name 'WriteFile'");
  });

  /** The part of a file that saves and restores weights, as TensorFlow writes it. */
  const saver = {
    functions: [
      tensorflowFunction('__inference__traced_save_1', [tensorflowNode('save', 'SaveV2')]),
      tensorflowFunction('__inference__traced_restore_2', [tensorflowNode('read', 'RestoreV2')]),
    ],
    nodes: [
      ...plain.nodes,
      tensorflowNode(
        'saving',
        'PartitionedCall',
        [],
        [functionAttribute('f', '__inference__traced_save_1')],
      ),
      tensorflowNode(
        'restoring',
        'PartitionedCall',
        [],
        [functionAttribute('f', '__inference__traced_restore_2')],
      ),
    ],
    restore: 'restoring',
  };

  test('the saver: weights are read only when they are restored, and never written', async () => {
    expect(await told(saver)).toBeUndefined();
    expect(await told({ ...saver, restore: 'saving' })).toContain("'SaveV2' (node 'save')");
    for (const [node, operation] of [
      ['saving', 'SaveV2'],
      ['restoring', 'RestoreV2'],
    ]) {
      const message = `'${operation}' (node '${node === 'saving' ? 'save' : 'read'}')`;
      const called = { serving_default: [['y', `${node}:0`]] } as const;
      expect(await told({ ...saver, signatures: called })).toContain(message);
      const dependent = tensorflowNode('z', 'Identity', ['x', `^${node}`]);
      const signatures = { serving_default: [['y', 'z:0']] } as const;
      const nodes = [...saver.nodes, dependent];
      expect(await told({ ...saver, nodes, signatures })).toContain(message);
      const collections = { saved_model_main_op: [node!] };
      expect(await told({ ...saver, collections })).toContain(message);
      const init = { ...outputs, __saved_model_init_op: [['init', node!]] as const };
      expect(await told({ ...saver, signatures: init })).toContain(message);
    }
  });

  describe('weights are read only from the path that TensorFlow gives', () => {
    const name = '__inference__traced_restore_2';
    const nodes = [
      ...[...plain.nodes, placeholder('file', []), constantNode('elsewhere', ['/tmp/secret'])],
      tensorflowNode('joined', 'StringJoin', ['elsewhere', 'file']),
      tensorflowNode('both', 'IdentityN', ['elsewhere', 'file']),
      tensorflowNode('default', 'PlaceholderWithDefault', ['elsewhere']),
      tensorflowNode('variable', 'VarHandleOp'),
      tensorflowNode('text', 'VariableV2'),
      constantNode('hidden', ['/tmp/secret'], [], [[7]]),
    ];
    const functions = [tensorflowFunction(name, [tensorflowNode('read', 'RestoreV2', ['prefix'])])];
    const read = (input: string) => [...nodes, tensorflowNode('read', 'RestoreV2', [input])];
    const call = (...inputs: string[]) => [
      ...nodes,
      tensorflowNode('call', 'PartitionedCall', inputs, [functionAttribute('f', name)]),
    ];

    test.each([
      ['by the graph', { nodes: read('file'), restore: 'read' }],
      ['by a function', { nodes: call('file', 'variable'), functions, restore: 'call' }],
      ['with a default', { nodes: read('default'), restore: 'read', paths: ['default:0'] }],
    ])('%s', async (_, parts) => {
      expect(await told(parts)).toBeUndefined();
    });

    test.each([
      ['read', 'elsewhere', { nodes: read('elsewhere'), restore: 'read' }],
      ['read', 'variable', { nodes: read('variable'), restore: 'read' }],
      ['call', 'elsewhere', { nodes: call('elsewhere'), functions, restore: 'call' }],
      ['call', 'joined', { nodes: call('file', 'joined'), functions, restore: 'call' }],
      ['read', 'file', { nodes: read('file'), restore: 'read', paths: ['other:0'] }],
      ['read', 'both', { nodes: read('both'), restore: 'read', paths: ['both:1'] }],
      [
        'read',
        'default',
        { nodes: read('default'), restore: 'read', paths: ['default:0', 'file:0'] },
      ],
      ['call', 'text', { nodes: call('file', 'text'), functions, restore: 'call' }],
      ['call', 'hidden', { nodes: call('file', 'hidden'), functions, restore: 'call' }],
    ])('by node %s from %s: refused', async (node, input, parts) => {
      expect(await told(parts)).toContain(
        `reads weights from a path of its own (node '${node}', its input '${input}')`,
      );
    });

    test('a function that names a node as its argument', async () => {
      const own = [
        constantNode('prefix', ['/tmp/secret']),
        tensorflowNode('read', 'RestoreV2', ['prefix']),
      ];
      const parts = {
        nodes: call('file'),
        functions: [tensorflowFunction(name, own)],
        restore: 'call',
      };
      expect(await told(parts)).toContain("(node 'read', its input 'prefix')");
    });
  });

  test('functions that call themselves', async () => {
    const name = '__inference_f_1';
    const call = tensorflowNode('again', 'PartitionedCall', [], [functionAttribute('f', name)]);
    expect(await told({ functions: [tensorflowFunction(name, [call])] })).toContain(
      'functions that call each other or themselves',
    );
  });

  test('constants that expand', async () => {
    const constant = constantNode('c', [7], [60_000, 60_000]);
    expect(await told({ nodes: [...plain.nodes, constant] })).toContain(
      'constants of 14400000000 bytes in a file of',
    );
    // TensorFlow reads 5.
    const long = savedModel(savedModelFile({ nodes: [constantNode('c', [2 ** 32 + 5])] }));
    await expect(long).rejects.toThrow('is damaged');
    const hidden = constantNode('c', [7], [60_000, 60_000], [[7]]);
    expect(await told({ nodes: [...plain.nodes, hidden] })).toContain('constants of 14400000');
    const shape = constantNode('shape', [60_000, 60_000]);
    const fill = tensorflowNode('f', 'Fill', ['shape', 'x']);
    expect(await told({ nodes: [...plain.nodes, shape, fill] })).toContain(
      "'Fill' (node 'f') with 3600000000 numbers",
    );
  });

  test('assets elsewhere', async () => {
    expect(await told({ assets: ['words.txt'] })).toBeUndefined();
    expect(await told({ assets: ['../../secret'] })).toContain("the asset '../../secret'");
  });

  test('another form of the file beside it', async () => {
    await mkdir(join(folder, 'model'));
    await cp(
      join(import.meta.dirname, '../../fixtures/workflow-teachers/saved-model'),
      join(folder, 'model'),
      { recursive: true },
    );
    await writeFile(join(folder, 'model/saved_model.cpb'), '');
    expect(await refusal(() => checkSavedModel(join(folder, 'model'), 'a'))).toContain(
      'saved_model.cpb',
    );
  });
});

describe('a GraphModel', () => {
  const node = (op: string, more = {}) => ({ name: 'n', op, ...more });

  test.each(['While', 'Enter', 'SimpleMLLoadModelFromPathWithHandle', 'ReadFile'])(
    '%s',
    async (op) => {
      expect(await refusal(() => checkGraphModel({ node: [node(op)] }, "'model.json'"))).toContain(
        `'model.json' has the operation '${op}' (node 'n')`,
      );
      const library = { function: [{ signature: { name: 'f' }, nodeDef: [node(op)] }] };
      expect(await refusal(() => checkGraphModel({ node: [], library }, 'it'))).toContain(
        `'${op}'`,
      );
    },
  );

  test('very many nodes that are not nodes: the first one is named', async () => {
    const wrong = Array<number>(200_000).fill(0);
    for (const [topology, path] of [
      [{ node: wrong }, 'node[0]'],
      [{ node: [], library: { function: wrong } }, 'library.function[0]'],
      [
        { node: [], library: { function: [{ signature: { name: 'f' }, nodeDef: wrong }] } },
        'library.function[0].nodeDef[0]',
      ],
    ] as const) {
      const told = await refusal(() => checkGraphModel(topology, 'it'));
      expect(told).toContain(path);
      expect(told?.length).toBeLessThan(200);
    }
  });

  test('a branch that calls itself', async () => {
    const branch = node('If', { attr: { then_branch: { func: { name: 'f' } } } });
    const library = { function: [{ signature: { name: 'f' }, nodeDef: [branch] }] };
    expect(await refusal(() => checkGraphModel({ node: [branch], library }, 'it'))).toContain(
      'functions that call each other or themselves',
    );
  });
});

describe('a LayersModel', () => {
  const model = (...layers: unknown[]) => ({ class_name: 'Sequential', config: { layers } });
  const layer = (class_name: string, config = {}) => ({ class_name, config });
  const told = (json: unknown) => refusal(() => checkAllowedLayers(json, "'model.json'"));

  test.each(['Lambda', 'GPT2CausalLM', 'Mine'])('the layer %s, at any depth', async (name) => {
    const message = `'model.json' has a layer of the class '${name}'`;
    expect(await told(model(layer(name)))).toContain(message);
    expect(await told(model(layer('TimeDistributed', { layer: layer(name) })))).toContain(message);
  });

  test.each([
    ['className', 'class_name'],
    ['class__name', 'class_name'],
    ['inboundNodes', 'inbound_nodes'],
    ['layers_', 'layers'],
    ['batch_inputShape', 'batch_input_shape'],
    ['inputDType', 'input_d_type'],
  ])('the field %s, which tfjs reads as %s', async (field, read) => {
    const message = await told(model(layer('Dense', { units: 1, [field]: [] })));
    expect(message).toContain(
      `'model.json' has the field '${field}', which tfjs would read as '${read}'`,
    );
  });

  test.each(['int64', 'tfjs-layers 4.22.0', ['float32'], 5])(
    'inputs of the type %j',
    async (dtype) => {
      const message = `has an input of the type ${JSON.stringify(dtype)}`;
      expect(await told(model(layer('InputLayer', { dtype })))).toContain(message);
      const first = { units: 1, batch_input_shape: [null, 5] };
      expect(await told(model(layer('Dense', { ...first, dtype })))).toContain(message);
      expect(await told(model(layer('Dense', { ...first, input_d_type: dtype })))).toContain(
        message,
      );
      // Types of other layers do not change the input.
      expect(await told(model(layer('Dense', { units: 1, dtype })))).toBeUndefined();
    },
  );

  test('allowed layers, with initializers', async () => {
    const dense = layer('Dense', {
      units: 1000,
      batch_input_shape: [null, 784],
      kernel_initializer: { class_name: 'VarianceScaling', config: {} },
    });
    expect(await told({ modelTopology: { model_config: model(dense) } })).toBeUndefined();
  });

  test.each([
    ['ReLU', { max_value: null, negative_slope: 0.2, threshold: 0 }, 'negative_slope: 0.2'],
    ['ReLU', { negative_slope: 0, threshold: 1 }, 'threshold: 1'],
    ['DepthwiseConv2D', { kernel_size: [3, 3], dilation_rate: [2, 2] }, 'dilation_rate: [2,2]'],
    ['Conv2DTranspose', { kernel_size: [3, 3], filters: 2, dilation_rate: 2 }, 'dilation_rate: 2'],
    ['Conv2DTranspose', { kernel_size: 3, filters: 2, output_padding: [1, 1] }, 'output_padding'],
    ['UpSampling2D', { size: [2, 2], interpolation: 'bilinear' }, 'interpolation: "bilinear"'],
  ])('%s with %j, which tfjs computes otherwise than Keras', async (kind, config, found) => {
    const images = { batch_input_shape: [null, 9, 9, 1] };
    const file = model(layer(kind, { ...images, ...config }));
    expect(await told(file)).toContain(`has the layer ${kind} with ${found}`);
    const ofTfjs = { ...file, keras_version: 'tfjs-layers 4.22.0' };
    expect(await told(ofTfjs)).toBeUndefined();
    expect(await told({ modelTopology: ofTfjs })).toBeUndefined();
    expect(await told({ modelTopology: { ...file, keras_version: '2.15.0' } })).toContain(found);
  });

  test.each([
    ['ReLU', { max_value: 6, negative_slope: 0, threshold: 0 }],
    ['UpSampling2D', { size: [2, 2], interpolation: 'nearest' }],
    ['DepthwiseConv2D', { kernel_size: [3, 3], dilation_rate: [1, 1], depth_multiplier: 1 }],
    [
      'Conv2DTranspose',
      { ...{ kernel_size: [3, 3], filters: 2 }, dilation_rate: [1, 1], output_padding: null },
    ],
  ])('%s as Keras writes it', async (kind, config) => {
    const images = { batch_input_shape: [null, 9, 9, 1] };
    expect(await told(model(layer(kind, { ...images, ...config })))).toBeUndefined();
  });

  test('layers of a thousand million units', async () => {
    expect(await told(model(layer('Dense', { units: 1e9 })))).toContain('units: 1000000000');
    const wide = layer('Dense', { units: 1e5, batch_input_shape: [null, 1e5] });
    expect(await told(model(wide))).toContain('10000100000 weights');
    const lstm = layer('LSTM', { units: 1e5, batch_input_shape: [null, 5, 8] });
    expect(await told(model(layer('Bidirectional', { layer: lstm })))).toContain('weights');
    const grow = Array.from({ length: 9 }, () => layer('UpSampling2D', { size: [9, 9] }));
    const image = layer('InputLayer', { batch_input_shape: [null, 8, 8, 3] });
    expect(await told(model(image, ...grow))).toContain('outputs of layers per example');
    const rescaling = layer('Rescaling', { scale: 1 / 255, offset: 0 });
    const rescaled = await told(model(image, rescaling, ...grow));
    expect(rescaled).toContain('outputs of layers per example');
  });

  test('layers whose size is not known', async () => {
    const dense = layer('Dense', { units: 1, batch_input_shape: [null, 2] });
    const wrong = layer('Activation', { kernel_size: 'x' });
    const message = "'model.json' has layers whose size cannot be computed";
    expect(await told(model(dense, wrong))).toContain(`${message} (config.layers.1.config`);
    const axes = Array.from({ length: 9 }, () => layer('RepeatVector', { n: 1 }));
    expect(await told(model(dense, ...axes))).toContain(`${message} (a size is`);
  });
});

test('functions are counted as often as they are called', () => {
  const functions = new Map([
    ['f', { nodes: 3, calls: ['g', 'g', 'unknown'] }],
    ['g', { nodes: 5, calls: [] }],
  ]);
  expect(expandedNodes({ nodes: 1, calls: ['f', 'g'] }, functions)).toBe(1 + 13 + 5);
});

test('the documents list every allowed operation', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/security.md'), 'utf8');
  for (const file of [
    ...['onnx-operators', 'tensorflow-operations', 'graph-model-operations', 'layer-classes'],
  ]) {
    expect(page).toContain(`src/models/allowed/${file}.ts`);
  }
});
