"""Makes the teacher of the labeling bench: python label_teacher.py FOLDER

A resnet20 for 32 x 32 images as a SavedModel, as Keras exports it. It is what one would take as a small teacher for
CIFAR-10. Its weights are random (labeling takes as long with any), and its last layer is scaled up so that its answers
differ from image to image.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
from keras import layers


def block(x, filters, stride):
    y = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    if stride != 1 or x.shape[-1] != filters:
        x = layers.BatchNormalization()(layers.Conv2D(filters, 1, stride, use_bias=False)(x))
    return layers.ReLU()(layers.Add()([x, y]))


def resnet(depth, width):
    image = layers.Input((32, 32, 3))
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage in range(3):
        for number in range((depth - 2) // 6):
            x = block(x, width << stage, 2 if stage > 0 and number == 0 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10, activation="softmax", kernel_initializer=keras.initializers.RandomNormal(stddev=5.0))(x))


keras.utils.set_random_seed(1)
resnet(20, 16).export(sys.argv[1], verbose=False)
