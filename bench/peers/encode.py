"""Embeds texts or images: encode.py FOLDER KIND ROUNDS

FOLDER is encode_data.py's, and has KIND.bin of ours. tokenizers or Pillow prepares the batches, the same as ours:
32 images, or up to 32 texts of 1,024 sorted by length, and at most 8,192 tokens. Threads decode images ahead. Prints the
seconds of each round after a first one, and the largest difference of a number to ours.
"""

import base64
import io
import json
import os
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # Before onnxruntime is loaded.
import numpy as np
import onnxruntime
from PIL import Image
from tokenizers import Tokenizer

folder, kind, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
BATCH, CHUNK, TOKENS, SIZE, WORKERS = 32, 1024, 8192, 128, 2
session = onnxruntime.InferenceSession(str(folder / kind / "model.onnx"))
content = json.loads((folder / f"{kind}s.json").read_text())


def embed_texts():
    tokenizer = Tokenizer.from_file(str(folder / "text" / "tokenizer.json"))
    tokenizer.enable_truncation(512)
    rows = np.empty((len(content), 384), np.float32)
    for start in range(0, len(content), CHUNK):
        encoded = tokenizer.encode_batch(content[start : start + CHUNK])
        order = sorted(range(len(encoded)), key=lambda row: (-len(encoded[row].ids), row))
        while order:
            longest = len(encoded[order[0]].ids)
            count = max(1, min(BATCH, TOKENS // longest))
            batch, order = order[:count], order[count:]
            ids = np.zeros((len(batch), longest), np.int64)
            mask = np.zeros_like(ids)
            for index, row in enumerate(batch):
                ids[index, : len(encoded[row].ids)] = encoded[row].ids
                mask[index, : len(encoded[row].ids)] = 1
            (states,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
            weights = mask[:, :, None].astype(np.float32)
            rows[[start + row for row in batch]] = (states * weights).sum(1) / weights.sum(1)
    return rows


def decode(files):
    pixels = np.empty((len(files), 3, SIZE, SIZE), np.float32)
    for row, file in enumerate(files):
        with Image.open(io.BytesIO(file)) as image:
            resized = np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.BICUBIC), np.float32)
        pixels[row] = ((resized / 255 - 0.5) / 0.5).transpose(2, 0, 1)
    return pixels


files = [base64.b64decode(one) for one in content] if kind == "image" else []


def embed_images():
    parts = []
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting = deque()
        for start in range(0, len(files), BATCH):
            waiting.append(pool.submit(decode, files[start : start + BATCH]))
            if len(waiting) > WORKERS:
                parts.append(session.run(None, {"pixel_values": waiting.popleft().result()})[0])
        while waiting:
            parts.append(session.run(None, {"pixel_values": waiting.popleft().result()})[0])
    return np.concatenate(parts)


seconds = []
for _ in range(rounds + 1):
    start = time.perf_counter()
    embeddings = embed_texts() if kind == "text" else embed_images()
    seconds.append(time.perf_counter() - start)
ours = np.fromfile(folder / f"{kind}.bin", np.float32).reshape(embeddings.shape)
print(json.dumps({"seconds": seconds[1:], "difference": float(np.abs(ours - embeddings).max())}))
