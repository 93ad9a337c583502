"""Trains a student with Keras 3 on TensorFlow: keras_train.py FOLDER STUDENT EPOCHS [OPTION ...]

Options: "jit" compiles with XLA, "ten-steps" takes ten steps a call. Prints the seconds of each epoch but the first, in
which TensorFlow compiles, and the last epoch's loss.
"""

import json
import time

import keras
from keras import layers
from training_batches import read_training

training = read_training()


def convnet(x):
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(layers.BatchNormalization()(x))
    x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    return layers.Flatten()(layers.MaxPooling2D()(x))


def resnet20(x):
    def convolution(x, filters, size=3, strides=1):
        x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization(momentum=0.9)(x)

    x = layers.ReLU()(convolution(x, 16))
    for stage, filters in enumerate((16, 32, 64)):
        for place in range(3):
            strides = 2 if stage > 0 and place == 0 else 1
            y = layers.ReLU()(convolution(x, filters, strides=strides))
            y = convolution(y, filters)
            x = x if strides == 1 else convolution(x, filters, 1, strides)
            x = layers.ReLU()(layers.Add()([x, y]))
    return layers.GlobalAveragePooling2D()(x)


def mlp(x):
    for _ in range(2):
        x = layers.Dense(128, activation="relu")(x)
    return x


class Clock(keras.callbacks.Callback):
    seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


students = {"convnet": convnet, "resnet20": resnet20, "mlp": mlp}
keras.utils.set_random_seed(1)
inputs = keras.Input(training.shape)
outputs = layers.Dense(training.classes)(students[training.student](inputs))
model = keras.Model(inputs, outputs)
model.compile(
    optimizer=keras.optimizers.Adam(1e-3),
    loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    jit_compile="jit" in training.options,
    steps_per_execution=10 if "ten-steps" in training.options else 1,
)
clock = Clock()
history = model.fit(
    training.examples,
    training.targets,
    sample_weight=training.weights,
    batch_size=training.batch_size,
    epochs=training.epochs,
    verbose=0,
    callbacks=[clock],
)
print(json.dumps({"seconds": clock.seconds[1:], "loss": float(history.history["loss"][-1])}))
