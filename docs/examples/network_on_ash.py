"""
A network on ash: its mistakes, the objects on them, and a probe
================================================================

A small network learns to tell which of two rules made a board of ash. Then we look at the boards that it gets wrong,
count the objects on them, compare it with classifiers that only see such counts, and ask its hidden layers which object
a cell belongs to. All of this is at a small size, to run in about a minute on two cores. The numbers were printed by
the run that made this page; each has its error.
"""

# %%
# Boards
# ------
# 8,000 boards of 32x32 cells: even rows under Life (B3/S23), odd rows under HighLife (B36/S23). With
# ``census="objects"`` each row has a table of its objects, which the probe below needs.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import simkit
from simkit.ash import ca_ash
from simkit.learn import batches

torch.set_num_threads(1)

source = simkit.source("ca-ash", size=32, census="objects")
path = Path(tempfile.mkdtemp()) / "boards.zarr"
simkit.generate(simkit.Recipe(source, seed=0, n=8_000), path)
store = simkit.open(path)
simkit.preview(store, rows=range(6), view="labels")

# %%
# Networks
# --------
# Three convolutions, trained three times from different weights and in different orders, on the same 80 % of the rows.
# What is given is the share of wrong answers on the ``test`` split, which none of them has seen. It has two errors:
# that of a proportion, since the test rows are a sample, and the scatter of the runs.


def network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(2, 8, 3, padding=1, padding_mode="circular"),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 8, 3, padding=1, padding_mode="circular"),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 16, 3, stride=2, padding=1),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(16, 2),
    )


def trained(seed, n_epochs=4):
    torch.manual_seed(seed)
    model = network()
    loader = batches(store, fields=("ash", "rule"), split="train", shuffle=True, seed=seed, batch_size=64)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=n_epochs * len(loader))
    for _ in range(n_epochs):
        for batch in loader:
            loss = torch.nn.functional.cross_entropy(model(batch["ash"]), batch["rule"])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return model.eval()


def rows_of(split):
    """Boards of a split as the networks see them, their rules, and the numbers of their rows."""
    found = list(batches(store, fields=("ash", "rule", "row"), split=split, batch_size=256))
    return tuple(torch.cat([batch[name] for batch in found]) for name in ("ash", "rule", "row"))


models = [trained(seed) for seed in range(3)]
boards, rules, rows = rows_of("test")
with torch.no_grad():
    said = torch.stack([model(boards).argmax(1) for model in models])
wrong = (said != rules).numpy()
error = wrong.mean(axis=1)
of_a_proportion = (error.mean() * (1 - error.mean()) / len(rows)) ** 0.5
print(f"wrong, of {len(rows)} test rows: {', '.join(f'{share:.3f}' for share in error)}")
print(f"mean of {len(models)} runs: {error.mean():.3f}; standard error of a proportion {of_a_proportion:.3f}, ")
print(f"standard deviation of the runs {error.std(ddof=1):.3f}")

# %%
# The baseline beside it
# ----------------------
# What do classifiers reach that see no board, only its population, or only the counts of its objects? They learn from
# the same training rows and are tested on the same test rows. (``simkit baseline`` does this for any data set of ash,
# with boosted trees as well.) The errors below are those of a proportion; since all rows are the same, differences
# between lines are usually known better than that.

train_rows = rows_of("train")[2].numpy()
test_rows = rows.numpy()
truth = store["rule"][:]
counts = np.hstack([store["counts"][:], store["constellations"][:]]).astype(float)
features = {"population": store["population"][:][:, None].astype(float), "counts of objects": counts}
print("share of test rows given the wrong rule")
for name, values in features.items():
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    classifier.fit(values[train_rows], truth[train_rows])
    share = (classifier.predict(values[test_rows]) != truth[test_rows]).mean()
    print(f"  logistic regression on {name:18} {share:.3f} ± {(share * (1 - share) / len(test_rows)) ** 0.5:.3f}")
print(f"  the network, mean of {len(models)} runs {'':11} {error.mean():.3f} ± {of_a_proportion:.3f}")

# %%
# Its mistakes
# ------------
# The boards of each rule that all three networks get wrong; their objects are in the colours of their kinds.

always_wrong = wrong.all(axis=0)
for index, rule in enumerate(source.rules):
    of_rule = truth[test_rows] == index
    share = wrong[:, of_rule].mean(axis=1)
    print(f"{rule}: wrong {share.mean():.3f} (runs {share.min():.3f} to {share.max():.3f}), ", end="")
    print(f"all {len(models)} networks wrong on {(always_wrong & of_rule).sum()} of {of_rule.sum()} boards")
mistaken = [test_rows[always_wrong & (truth[test_rows] == index)][:3] for index in range(2)]
simkit.preview(store, rows=[int(row) for row in np.concatenate(mistaken)], view="labels")

# %%
# The objects on them
# -------------------
# Mean numbers of the commonest objects on boards of each rule, on those that all networks get wrong and on the others.
# Bars are standard errors over boards. They say what goes along with a mistake, not what causes it.

names = source.schema()["counts"].columns
common = np.argsort(-store["counts"][:].sum(axis=0))[:6]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True, layout="constrained")
for index, (axis, rule) in enumerate(zip(axes, source.rules, strict=True)):
    for offset, (label, chosen) in enumerate({"right": ~always_wrong, "wrong": always_wrong}.items()):
        found = store["counts"][:][test_rows[chosen & (truth[test_rows] == index)]][:, common]
        spread = found.std(axis=0, ddof=1) / len(found) ** 0.5
        axis.bar(
            np.arange(6) + 0.4 * offset, found.mean(axis=0), 0.4, yerr=spread, label=f"{label} ({len(found)} boards)"
        )
    axis.set_xticks(np.arange(6) + 0.2, [names[kind] for kind in common], rotation=45)
    axis.set_title(rule)
    axis.legend()
axes[0].set_ylabel("objects per board")

# %%
# A probe against the instance mask
# ---------------------------------
# ``ash.mask`` says which object each live cell belongs to, and the table of objects says of which kind that is. So we
# can ask whether a linear probe reads off a hidden layer that a live cell is part of a blinker, and hold that against
# what the same probe reads off the same layer before training, and off the 3x3 cells around. The score is the area
# under the ROC curve (0.5 is chance), on cells of test rows, for probes fitted on cells of training rows.

blinker = names.index("xp2_7")


def cells_of(chosen):
    """Boards of rows, and for each of their live cells (sample, y, x) whether it is part of a blinker."""
    batch = source.generate(seed=0, rows=[int(row) for row in chosen])
    mask = ca_ash.mask(source, batch)
    sample, y, x = np.nonzero(mask)
    place = mask[sample, y, x] - 1
    is_listed = place < source.max_objects
    sample, y, x, place = sample[is_listed], y[is_listed], x[is_listed], place[is_listed]
    cells = simkit.unpack(batch["ash"])
    seen = torch.from_numpy(np.stack([1 - cells, cells], axis=1).astype(np.float32))
    return seen, (sample, y, x), batch["object_kind"][sample, place] == blinker


def around(seen):
    """The 3x3 cells around each cell, as nine channels."""
    alive = seen[:, 1]
    shifts = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return torch.stack([alive.roll(shift, (1, 2)) for shift in shifts], dim=1)


def score(layer):
    """Area under the curve of a probe on what `layer` makes of boards."""
    with torch.no_grad():
        values = [layer(seen).permute(0, 2, 3, 1).numpy()[where] for seen, where, _ in parts]
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(values[0], parts[0][2])
    return roc_auc_score(parts[1][2], probe.decision_function(values[1]))


parts = [cells_of(train_rows[:400]), cells_of(test_rows[:400])]
print(f"{parts[1][2].size} live cells of test rows, {parts[1][2].mean():.2f} of them in blinkers")
torch.manual_seed(100)
fresh = [network() for _ in models]
print(f"3x3 cells around            {score(around):.3f}")
for name, depth in (("first layer", 2), ("second layer", 4)):
    for kind, nets in (("untrained", fresh), ("trained", models)):
        scores = np.array([score(net[:depth]) for net in nets])
        spread = scores.std(ddof=1) / len(nets) ** 0.5
        print(f"{name + ', ' + kind:27} {scores.mean():.3f} ± {spread:.3f} ({len(nets)} networks)")

# %%
# How to read this
# ----------------
# - Compare the networks' error with that of the baselines. A network that is no better than the population alone has
#   shown no use of anything else, and one that is worse than the counts of objects has not found all that they tell.
# - The 3x3 cells around a cell already tell nearly all about blinkers, so that a high score of a layer says little by
#   itself. A layer that scores lower has lost some of what a linear probe could read off the input.
# - A linear probe shows what can be read off a layer, not what the network uses. Layers of random weights are the
#   comparison that counts.
# - The errors of the probe's scores come from three networks, so they are rough. For numbers to rely on, use more
#   boards, larger networks and more runs: every line above works at any size.
