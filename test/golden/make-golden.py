"""Writes the golden files beside it, from numpy and scikit-learn.

    python -m venv /tmp/golden && /tmp/golden/bin/pip install -r test/golden/requirements.txt
    /tmp/golden/bin/python test/golden/make-golden.py

Probabilities are rounded to float32 first, so both sides start from the same numbers.
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
)
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsRegressor

FOLDER = Path(__file__).parent
FLOOR = 1e-7


def write(name, content):
    text = json.dumps(content, default=lambda array: array.tolist())
    (FOLDER / f"{name}.json").write_text(text + "\n")


def write_cases(file, make, *cases):
    """Makes one case per name and parameters, all with one random generator."""
    random = np.random.default_rng(7)
    write(file, [{"name": name, **make(random, name, *rest)} for name, *rest in cases])


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def classifier(random, labels, classes, skill, sharpness):
    """Probabilities that lean to the true class, as float64 numbers that are exact in float32."""
    logits = random.normal(size=(len(labels), classes))
    logits[np.arange(len(labels)), labels] += skill
    return softmax(sharpness * logits).astype(np.float32).astype(np.float64)


def margins(probabilities):
    ordered = np.sort(probabilities, axis=1)
    return (ordered[:, -1] - ordered[:, -2]).astype(np.float32).astype(np.float64)


def cross_entropy(targets, probabilities):
    return -(targets * np.log(np.maximum(probabilities, FLOOR))).sum(axis=1)


def means_of_neighbors(points, values, queries, k):
    return KNeighborsRegressor(k).fit(points, values).predict(queries)


def weights():
    random = np.random.default_rng(1)
    classes, n, k = 4, 300, 17
    labels = random.integers(classes, size=n)
    teacher = classifier(random, labels, classes, skill=1.0, sharpness=1.5)
    student = classifier(random, labels, classes, skill=1.2, sharpness=3.0)
    queries = random.uniform(size=(200, 2)).astype(np.float32).astype(np.float64)
    points = np.stack([margins(teacher), margins(student)], axis=1)
    wrong = (teacher.argmax(axis=1) != labels).astype(float)
    true_losses = cross_entropy(np.eye(classes)[labels], student)

    cases = {}
    for targets in ("hard", "soft"):
        targets_of_teacher = np.eye(classes)[teacher.argmax(axis=1)] if targets == "hard" else teacher
        teacher_losses = cross_entropy(targets_of_teacher, student)
        p = means_of_neighbors(points, wrong, queries, k)
        some_wrong = p > 0
        safe_p = np.where(some_wrong, p, 1)

        d_of_b = means_of_neighbors(points, wrong * teacher_losses / true_losses, queries, k) / safe_p
        w_of_b = 1 / (1 + p * (d_of_b - 1))

        # Where the teacher is right, its label counts as the true one.
        corrected = np.where(wrong == 1, teacher_losses, true_losses)
        w_of_d = means_of_neighbors(points, true_losses, queries, k) / means_of_neighbors(
            points, corrected, queries, k
        )
        d_of_d = 1 + (1 / w_of_d - 1) / safe_p
        cases[targets] = {
            "teacherLosses": teacher_losses,
            "errorProbabilities": p,
            "B": {
                "distortions": np.where(some_wrong, d_of_b, 1),
                "weights": np.where(some_wrong, w_of_b, 1),
            },
            "D": {
                "distortions": np.where(some_wrong, d_of_d, 1),
                "weights": np.where(some_wrong, w_of_d, 1),
            },
        }
    write(
        "weights",
        {
            "classes": classes,
            "neighbors": k,
            "labels": labels,
            "teacher": teacher.ravel(),
            "student": student.ravel(),
            "teacherMargins": points[:, 0],
            "studentMargins": points[:, 1],
            "teacherPredictions": teacher.argmax(axis=1),
            "wrong": wrong,
            "trueLosses": true_losses,
            "queries": queries,
            "cases": cases,
        },
    )


def neighbors():
    random = np.random.default_rng(2)
    # Spread evenly; crowded at (1, 1), as sure models are; on a line, as with a one-valued margin.
    shapes = {
        "even": random.uniform(size=(400, 2)),
        "crowded": 1 - random.exponential(0.02, size=(400, 2)).clip(max=1),
        "line": np.stack([np.full(100, 0.5), random.uniform(size=100)], axis=1),
    }
    cases = []
    for name, shape in shapes.items():
        points = shape.astype(np.float32).astype(np.float64)
        values = random.normal(size=(len(points), 2))
        queries = random.uniform(size=(60, 2)).astype(np.float32).astype(np.float64)
        means = {k: means_of_neighbors(points, values, queries, k) for k in (1, 5, 32)}
        cases.append({"name": name, "points": points, "values": values, "queries": queries, "means": means})
    write("neighbors", cases)


def calibration_error(labels, probabilities, bins=15):
    confidence = probabilities.max(axis=1)
    correct = (probabilities.argmax(axis=1) == labels).astype(float)
    error = 0.0
    for low, high in zip(np.arange(bins) / bins, (np.arange(bins) + 1) / bins):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return error


def bootstrap(labels, models, metric, replicates=4000):
    """The classical bootstrap: percentiles of each model's metric and of their difference."""
    random = np.random.default_rng(3)
    results = []
    for _ in range(replicates):
        rows = random.integers(len(labels), size=len(labels))
        results.append([metric(labels[rows], model[rows]) for model in models])
    results = np.array(results)
    return {
        "models": np.percentile(results, [2.5, 97.5], axis=0).T,
        "difference": np.percentile(results[:, 0] - results[:, 1], [2.5, 97.5]),
    }


def macro(score, labels, predictions):
    """The mean over the classes that have examples."""
    return score(labels, predictions, labels=np.unique(labels), average="macro")


def metrics():
    random = np.random.default_rng(4)
    classes, n = 3, 600
    labels = random.choice(classes, size=n, p=[0.6, 0.35, 0.05])
    models = [
        classifier(random, labels, classes, skill=1.5, sharpness=1.0),
        classifier(random, labels, classes, skill=1.2, sharpness=2.0),
    ]
    functions = {
        "accuracy": lambda y, p: accuracy_score(y, p.argmax(axis=1)),
        "macroRecall": lambda y, p: macro(recall_score, y, p.argmax(axis=1)),
        "macroF1": lambda y, p: macro(f1_score, y, p.argmax(axis=1)),
        "logLoss": lambda y, p: cross_entropy(np.eye(classes)[y], p).mean(),
        "calibrationError": calibration_error,
    }
    for model in models:
        # scikit-learn wants rows that sum to 1 in float64, which float32 numbers do not quite.
        normalized = model / model.sum(axis=1, keepdims=True)
        assert np.isclose(functions["logLoss"](labels, model), log_loss(labels, normalized), atol=1e-6)
    write(
        "metrics",
        {
            "classes": classes,
            "labels": labels,
            "models": [model.ravel() for model in models],
            "values": [
                {name: function(labels, model) for name, function in functions.items()} for model in models
            ],
            "recall": [recall_score(labels, model.argmax(axis=1), average=None) for model in models],
            "bootstrap": {name: bootstrap(labels, models, function) for name, function in functions.items()},
        },
    )


def sigmoid_model(random, truth, skill, sharpness, levels=None):
    """Probabilities per label that lean to the truth; with levels, many of them are equal."""
    logits = sharpness * (random.normal(size=truth.shape) + skill * (truth - 0.5))
    probabilities = 1 / (1 + np.exp(-logits))
    if levels:
        probabilities = np.round(probabilities * levels) / levels
    return probabilities.astype(np.float32).astype(np.float64)


def with_examples(truth):
    return np.flatnonzero(truth.any(axis=0))


def mean_average_precision(truth, probabilities):
    labels = with_examples(truth)
    return average_precision_score(truth[:, labels], probabilities[:, labels], average="macro")


def multi_label_metrics():
    """The last label has no example; none is predicted of the label before."""
    random = np.random.default_rng(8)
    n = 400
    truth = (random.uniform(size=(n, 6)) < [0.5, 0.3, 0.1, 0.03, 0.02, 0]).astype(int)
    models = [
        sigmoid_model(random, truth, skill=1.5, sharpness=1.5),
        sigmoid_model(random, truth, skill=1.2, sharpness=2.5, levels=8),
    ]
    for model in models:
        model[:, 4] /= 2

    def chosen(p):
        return (p > 0.5).astype(int)

    def macro_of(score):
        return lambda y, p: score(y, chosen(p), labels=with_examples(y), average="macro")

    def decision_rows(p):
        yes = p.ravel()
        return np.stack([(1 - yes).astype(np.float32).astype(np.float64), yes], axis=1)

    functions = {
        "accuracy": lambda y, p: (y == chosen(p)).mean(),
        "macroRecall": macro_of(recall_score),
        "macroF1": macro_of(f1_score),
        "logLoss": lambda y, p: cross_entropy(np.eye(2)[y.ravel()], decision_rows(p)).mean(),
        "calibrationError": lambda y, p: calibration_error(y.ravel(), decision_rows(p)),
        "microF1": lambda y, p: f1_score(y, chosen(p), average="micro"),
        "meanAveragePrecision": mean_average_precision,
        "exactMatch": lambda y, p: accuracy_score(y, chosen(p)),
    }

    def by_label(score, model):
        values = score(truth, chosen(model), average=None, zero_division=np.nan)
        return [None if np.isnan(value) else value for value in values]

    write(
        "metrics-multi-label",
        {
            "labels": truth.shape[1],
            "truth": truth.ravel(),
            "models": [model.ravel() for model in models],
            "values": [
                {name: function(truth, model) for name, function in functions.items()} for model in models
            ],
            "recall": [by_label(recall_score, model) for model in models],
            "precision": [by_label(precision_score, model) for model in models],
            "f1": [by_label(f1_score, model)[:5] + [None] for model in models],
            "averagePrecision": [
                [*average_precision_score(truth[:, :5], model[:, :5], average=None), None] for model in models
            ],
            "bootstrap": {
                name: bootstrap(truth, models, function, replicates=1000) for name, function in functions.items()
            },
        },
    )


def isotonic():
    random = np.random.default_rng(5)
    cases = []
    for name, n, steps, bounds in (
        ("rising", 200, None, (0, 1)),
        ("ties", 300, 12, (0, 1)),
        ("falling", 50, None, (0, 1)),
        ("bounded", 200, None, (0.5, 0.9)),
        ("one point", 1, None, (0, 1)),
    ):
        x = random.uniform(size=n)
        x = (np.round(x * steps) / steps if steps else x).astype(np.float32).astype(np.float64)
        right = (random.uniform(size=n) < (1 - x if name == "falling" else x)).astype(float)
        queries = np.concatenate([random.uniform(-0.1, 1.1, size=100), x[:20]])
        model = IsotonicRegression(y_min=bounds[0], y_max=bounds[1], out_of_bounds="clip").fit(x, right)
        cases.append(
            {"name": name, "x": x, "y": right, "bounds": bounds, "queries": queries, "values": model.predict(queries)}
        )
    write("isotonic", cases)


def lelp():
    """With the teacher's W known, and every step as the paper has it."""
    random = np.random.default_rng(6)
    classes, size, subclasses, n = 3, 7, 2, 400
    spread = np.diag([3.0, 2.0, 1.4, 1.0, 0.7, 0.5, 0.0])  # the last unit is always 0
    embeddings = (random.normal(size=(n, size)) @ spread).astype(np.float32).astype(np.float64)
    scores = random.normal(size=(classes, size)) * 0.5
    probabilities = softmax(embeddings @ scores.T)
    predictions = probabilities.argmax(axis=1)

    # Softmax does not see what is added to all scores alike.
    scores = scores - scores.mean(axis=0)
    scores[:, -1] = 0
    hidden = embeddings - embeddings @ (np.linalg.pinv(scores) @ scores).T
    rotations = [np.linalg.qr(random.normal(size=(subclasses, subclasses)))[0] for _ in range(classes)]
    shares = np.zeros((n, classes, subclasses))
    for c in range(classes):
        mean = hidden[predictions == c].mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov(hidden[predictions == c].T, bias=True))
        axes = vectors[:, ::-1][:, :subclasses]
        axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), range(subclasses)])
        beta = np.sqrt(values[::-1][:subclasses].mean())
        shares[:, c] = softmax((hidden - mean) @ axes @ rotations[c] / beta)
    asked = 20
    write(
        "lelp",
        {
            "classes": classes,
            "subclasses": subclasses,
            "embeddings": embeddings,
            "probabilities": probabilities,
            "rotations": rotations,
            "soft": (probabilities[:, :, None] * shares)[:asked].reshape(asked, -1),
            "hard": (np.eye(classes)[predictions][:, :, None] * shares)[:asked].reshape(asked, -1),
        },
    )


def calibration():
    """Penalized maximum likelihood by BFGS, with the scale as an exponential."""
    write_cases(
        "calibration",
        calibration_case,
        ("too sure, weak penalty", 3, 300, 3.0, 0.1),
        ("too unsure, strong penalty", 4, 120, 0.4, 10.0),
        ("two classes", 2, 60, 2.0, 1.0),
        ("scale alone", 5, 100, 3.0, None),
        ("always right", 3, 50, 1.0, 1.0),
        ("certain and wrong", 3, 40, 60.0, 1.0),
        ("a class without a label", 4, 80, 2.0, 1.0),
    )


def calibration_case(random, name, classes, n, sharpness, penalty):
    present = classes - 1 if name == "a class without a label" else classes
    labels = random.integers(present, size=n)
    skill = 50.0 if name == "always right" else 1.0
    probabilities = classifier(random, labels, classes, skill, sharpness)
    # The model predicts class 0 too rarely.
    if name != "always right":
        probabilities[:, 0] *= 0.3
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    probabilities = probabilities.astype(np.float32).astype(np.float64)
    logs = np.log(np.clip(probabilities, FLOOR, 1))
    scale, bias = fit_calibration(logs, labels, penalty)
    return {
        "classes": classes,
        "probabilities": probabilities.ravel(),
        "labels": labels,
        "penalty": penalty,
        "scale": scale,
        "bias": bias,
        "calibrated": softmax(scale * logs + bias).ravel(),
    }


def fit_calibration(logs, labels, penalty):
    n, classes = logs.shape
    free = np.array([penalty is not None and (labels == c).any() for c in range(classes)])

    def objective(x):
        scale, bias = np.exp(x[0]), np.zeros(classes)
        bias[free] = x[1:]
        scores = scale * logs + bias
        losses = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(n), labels]
        return losses.sum() + scale - 1 - x[0] + (penalty or 0) / 2 * (bias**2).sum()

    best = minimize(objective, np.zeros(1 + free.sum()), method="BFGS", options={"gtol": 1e-5})
    exact = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000}
    best = minimize(objective, best.x, method="Nelder-Mead", options=exact)
    bias = np.zeros(classes)
    bias[free] = best.x[1:]
    return np.exp(best.x[0]), bias - bias.mean()


def mixture():
    """Weights on the simplex by SLSQP, for models of different skill."""
    write_cases(
        "mixture",
        mixture_case,
        ("two models", 3, 200, (1.0, 1.2)),
        ("a model that does not help", 4, 300, (0.0, 2.0, 1.8)),
        ("two classes", 2, 60, (0.5, 0.8, 0.6)),
        ("one that is better", 3, 80, (0.1, 4.0)),
    )


def mixture_case(random, _, classes, n, skills):
    labels = random.integers(classes, size=n)
    models = [classifier(random, labels, classes, skill, 1.0) for skill in skills]
    likelihoods = np.array([np.maximum(model[np.arange(n), labels], FLOOR) for model in models])
    best = minimize(
        lambda weights: -np.log(weights @ likelihoods).mean(),
        np.full(len(skills), 1 / len(skills)),
        jac=lambda weights: -(likelihoods / (weights @ likelihoods)).mean(axis=1),
        method="SLSQP",
        bounds=[(0, 1)] * len(skills),
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    assert best.success, best.message
    return {
        "classes": classes,
        "labels": labels,
        "models": [model.ravel() for model in models],
        "weights": best.x,
        "logLoss": best.fun,
    }


def logistic():
    """Logistic regression of scikit-learn, and its losses in cross-validation."""
    write_cases(
        "logistic",
        logistic_case,
        ("two classes", 80, 5, 2, 1.0),
        ("four classes", 150, 12, 4, 1.0),
        ("separable", 60, 30, 3, 4.0),
    )


def logistic_case(random, _, n, length, classes, skill):
    labels = random.choice(classes, size=n, p=np.arange(1, classes + 1) / np.arange(1, classes + 1).sum())
    centers = random.normal(size=(classes, length))
    values = (random.normal(size=(n, length)) + skill * centers[labels] / 2).astype(np.float32).astype(np.float64)
    queries = random.normal(size=(30, length)).astype(np.float32).astype(np.float64)
    folds = np.zeros(n, dtype=int)
    splits = list(StratifiedKFold(5, shuffle=True, random_state=1).split(values, labels))
    for fold, (_, held_out) in enumerate(splits):
        folds[held_out] = fold
    fitted, losses = {}, {}
    for penalty in (0.01, 0.1, 1.0, 10.0):
        fitted[str(penalty)] = multinomial(penalty).fit(values, labels).predict_proba(queries).ravel()
        held_out_losses = []
        for learned, held_out in splits:
            model = multinomial(penalty).fit(values[learned], labels[learned])
            probabilities = model.predict_proba(values[held_out])[np.arange(len(held_out)), labels[held_out]]
            held_out_losses.extend(-np.log(np.maximum(probabilities, FLOOR)))
        losses[str(penalty)] = np.mean(held_out_losses)
    return {
        "classes": classes,
        "values": values.ravel(),
        "labels": labels,
        "queries": queries.ravel(),
        "folds": folds,
        "probabilities": fitted,
        "losses": losses,
    }


class multinomial:
    """Softmax over all classes also for two, where LogisticRegression has one score for both."""

    def __init__(self, penalty):
        self.penalty = penalty

    def fit(self, values, labels):
        classes = labels.max() + 1
        # Two equal and opposite scores have half of the penalty of one that is their difference.
        penalty = self.penalty if classes > 2 else self.penalty * 2
        self.model = LogisticRegression(C=penalty, tol=1e-10, max_iter=100_000).fit(values, labels)
        return self

    def predict_proba(self, values):
        return self.model.predict_proba(values)


weights()
neighbors()
metrics()
multi_label_metrics()
isotonic()
lelp()
calibration()
mixture()
logistic()
