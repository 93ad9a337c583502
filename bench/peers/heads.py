"""Trains logistic regression on embeddings: python3 heads.py FOLDER LENGTH C SOLVER

Prints the CPU seconds of the training in one thread, and the objective: the mean loss and the
penalty.
"""
import json, os, sys, time
from pathlib import Path

# Threads that wait for each other would count as CPU time.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

folder, length, penalty, solver = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
values = np.fromfile(folder / "embeddings.f32", dtype=np.float32).reshape(-1, length)
labels = np.fromfile(folder / "labels.i32", dtype=np.int32)
model = LogisticRegression(C=penalty, solver=solver, max_iter=1000)
start = time.process_time()
model.fit(values, labels)
seconds = time.process_time() - start
loss = log_loss(labels, model.predict_proba(values))
objective = loss + float((model.coef_**2).sum()) / (2 * penalty * len(labels))
print(json.dumps({"seconds": seconds, "objective": objective}))
