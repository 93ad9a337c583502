"""Runs the exported files of students in Python, and the programs of their cards.

python run.py cases.json: the file lists {"folder", "feeds", "examples"} per student. `feeds` are
the inputs by name: dtype, shape, file. `examples` are what `predict` of card.py gets. Writes
onnx.bin, saved_model.bin and card.bin, float32, and errors.json into the folder.
"""

import json
import os
import sys

import numpy as np
import onnxruntime
import tensorflow as tf


def read(folder, port):
    if port["dtype"] == "string":
        return np.array(json.load(open(port["file"], encoding="utf-8")), object)
    values = np.fromfile(os.path.join(folder, port["file"]), port["dtype"])
    return values.reshape(port["shape"])


def batches(feeds, size=250):
    count = len(next(iter(feeds.values())))
    for start in range(0, count, size):
        yield {name: values[start : start + size] for name, values in feeds.items()}


def run_onnx(feeds):
    session = onnxruntime.InferenceSession("model.onnx")
    return [session.run(["probabilities"], batch)[0] for batch in batches(feeds)]


def run_saved_model(feeds):
    model = tf.saved_model.load("saved_model").signatures["serving_default"]
    return [
        model(**{name: tf.constant(values) for name, values in batch.items()})["probabilities"].numpy()
        for batch in batches(feeds)
    ]


def run_card(examples):
    space = {}
    exec(compile(open("card.py", encoding="utf-8").read(), "card.py", "exec"), space)
    return [np.array([list(space["predict"](example).values())], np.float32) for example in examples]


def attempt(name, run, errors):
    try:
        np.concatenate(run()).astype(np.float32).tofile(f"{name}.bin")
    except Exception as error:
        errors[name] = f"{type(error).__name__}: {error}"[:500]


for case in json.load(open(sys.argv[1], encoding="utf-8")):
    os.chdir(case["folder"])
    errors = {}
    feeds = {port["name"]: read(case["folder"], port) for port in case["feeds"]}
    if feeds:
        attempt("onnx", lambda: run_onnx(feeds), errors)
    if feeds and os.path.exists("saved_model"):
        attempt("saved_model", lambda: run_saved_model(feeds), errors)
    if os.path.exists("card.py"):
        attempt("card", lambda: run_card(json.load(open("examples.json", encoding="utf-8"))), errors)
    json.dump(errors, open("errors.json", "w"))
    print(case["folder"], errors, flush=True)
