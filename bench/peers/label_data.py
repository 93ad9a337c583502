"""Makes what is labeled, and the teacher: label_data.py DATA FOLDER

FOLDER gets unlabeled/all.tar, the 10,000 test images of CIFAR-10; and teacher/, a resnet20 as Keras exports it, which is
what one would take as a small teacher for such images. Its weights are random (labeling takes as long with any), and
those of its last layer large, so that its answers differ from image to image.
"""

import json
import os
import sys
import tarfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
from keras import layers

data, folder = Path(sys.argv[1]), Path(sys.argv[2])


def block(x, filters, stride):
    y = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    if stride != 1:
        x = layers.BatchNormalization()(layers.Conv2D(filters, 1, stride, use_bias=False)(x))
    return layers.ReLU()(layers.Add()([x, y]))


def resnet20():
    image = layers.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(image)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, filters in enumerate((16, 32, 64)):
        for place in range(3):
            x = block(x, filters, 2 if stage > 0 and place == 0 else 1)
    large = keras.initializers.RandomNormal(stddev=5.0)
    x = layers.Dense(10, activation="softmax", kernel_initializer=large)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, x)


(folder / "unlabeled").mkdir()
with tarfile.open(folder / "unlabeled" / "all.tar", "w") as all_images:
    for shard in sorted((data / "cifar10").glob("test-*.tar")):
        with tarfile.open(shard) as archive:
            for member in archive:
                all_images.addfile(member, archive.extractfile(member))
keras.utils.set_random_seed(1)
resnet20().export(folder / "teacher", verbose=False)
print(json.dumps({}))
