"""An ensemble is the same however it is cut, kept, stopped and repeated. Most tests run a toy in place of the model."""

from __future__ import annotations

import errno
import functools
import json
import threading
from concurrent.futures import Future
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr
import zarr

import detente
from detente import answers, nature, scenario, structure
from detente.lab import ensemble, store
from detente.lab.ensemble import RunError, replay, run
from detente.ladder.tree import LINES, typical
from detente.world import AXES, opening

WHOLE = scenario.load("coexistence")
SC = WHOLE.model_copy(update={"series": {name: WHOLE.series[name] for name in list(WHOLE.series)[:3]}})
ST = structure.structure(SC)
CONSENT, EVENTS, PAIRS = answers.consent_rows(ST), nature.names(ST).all, nature.secret_pairs(ST)[0]

SHORT_OF_WAR = [n for n, line in enumerate(LINES) if line.end != "war"]


@functools.cache
def world(number: int, seed: int, months: int) -> dict[str, np.ndarray]:
    """A toy world: a pure function of its number and the seed, in the shapes of the model."""
    rng = np.random.Generator(np.random.Philox(key=[seed, number]))
    seats = np.array([[s.start, s.stop] for s in ST.seat_rows])
    moves = rng.integers(seats[:, 0], seats[:, 1], size=(months, 3, len(seats)))
    proposed = (moves[..., None] == CONSENT).any(axis=(1, 2))
    sizes = (len(ST.deciders), 2 * len(ST.issues), len(ST.showdown), len(PAIRS), len(ST.showdown))
    few = [np.where(rng.random((months, n)) < 0.1, rng.integers(0, 2, (months, n)), -1) for n in sizes]
    few[4] = np.where(few[4] >= 0, rng.choice(SHORT_OF_WAR, few[4].shape), -1)
    if number % 5 == 4:
        few[4][months // 2, 0] = typical("war", 1)
    toy = {
        "moves": np.where(rng.random(moves.shape) < 0.4, moves, -1).astype(np.int16),
        "said": np.where(proposed, rng.integers(0, 2, proposed.shape), -1).astype(np.int8),
        "nature": (rng.random((months, len(EVENTS))) < 0.05).astype(np.int8),
        **{
            name: array.astype(np.int16 if name == "ladder" else np.int8)
            for name, array in zip(("successor", "meeting", "deadline", "discovery", "ladder"), few, strict=True)
        },
        "series": rng.normal(size=(months, len(SC.series))).astype(np.float32),
    }
    played = toy["ladder"] >= 0
    residual = np.where(played, 1e-4 * rng.random(played.shape), 0.0).astype(np.float32)
    precision = np.where(played & (rng.random(played.shape) < 0.2), 0.6, 1.0).astype(np.float32)
    return toy | {"residual": residual, "precision": precision}


class Toy:
    """The toy kernel; counts the batches that it computes."""

    computed = 0

    def __init__(self, st, settings, devices):
        self.settings, self.devices = settings, devices

    def __call__(self, first):
        done = Future()
        done.set_result(first)
        return done

    def read(self, running):
        first = running.result()
        Toy.computed += 1
        s = self.settings
        worlds = [world(k, s.seed, s.months) for k in range(first, first + s.block)]
        out = {name: np.stack([w[name] for w in worlds]) for name in worlds[0]}
        if s.whole:
            shape = (s.block, s.months, len(ST.deciders))
            out["world.home.standing"] = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        return out


@pytest.fixture
def toy(monkeypatch):
    Toy.computed = 0
    monkeypatch.setattr(ensemble, "Kernel", Toy)
    monkeypatch.setattr(ensemble, "code", lambda: "the toy's")
    monkeypatch.setattr(ensemble, "prepare", lambda devices=None: devices or 2)
    return Toy


def go(worlds=20, **more):
    return run(SC, worlds=worlds, **{"until": "1953-04", "block": 16} | more)


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.rglob("*") if p.name.endswith(".part")}


# One ensemble, however it is cut


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("more", [{"block": 8}, {"block": 11}, {"devices": 1}, {"devices": 3, "block": 9}])
def test_neither_blocks_nor_devices_change_a_byte(more):
    assert go(**more).digest == go().digest


@pytest.mark.usefixtures("toy")
def test_world_k_is_the_same_in_a_small_and_a_large_ensemble():
    small, large = go(10), go(60)
    assert (small.moves == large.moves[:10]).all()
    assert (small.series.to_array() == large.series.isel(world=slice(10)).to_array()).all()
    assert small.digest != large.digest


@pytest.mark.usefixtures("toy")
def test_another_seed_is_another_ensemble():
    assert go(seed=1).digest == go(seed=1).digest != go(seed=2).digest


@pytest.mark.usefixtures("toy")
def test_the_ensemble_says_what_it_holds():
    ens = go()
    assert dict(ens.series.sizes) == {"world": 20, "month": 4}
    assert list(ens.series.data_vars) == list(SC.series)
    assert list(ens.series.month.values) == ["1953-01", "1953-02", "1953-03", "1953-04"]
    assert all(v.dtype == np.float32 for v in ens.series.data_vars.values())
    assert ens.moves.shape == (20, 4, 3, len(ST.deciders))
    assert ens.worlds_per_second > 0
    assert ens.path is None


# Quantiles


@pytest.mark.usefixtures("toy")
def test_quantiles_leave_out_the_months_after_a_war():
    ens = go(40)
    name = "tension.usa.ussr"
    lives = ens.alive
    assert lives[4].tolist() == [True, True, True, False]
    assert lives[3].all()
    values = ens.values(name)
    expected = [np.quantile(values[lives[:, m], m], [0.05, 0.5, 0.95]) for m in range(4)]
    found = ens.quantiles()[name]
    np.testing.assert_allclose(np.array([found["low"], found["median"], found["high"]]).T, expected, rtol=1e-6)
    assert found["month"][0] == "1953-01"
    assert ens.bands(list(SC.series)[:2]).shape == (5, 2, 4)


def test_a_month_without_worlds_has_no_quantile():
    band = ensemble._bands(np.ones((2, 2), np.float32), np.array([[True, False], [True, False]]), (0.5,))
    assert band[0, 0] == 1
    assert np.isnan(band[0, 1])
    json.dumps([ensemble._plain(x) for x in band[0]], allow_nan=False)


# On disk


@pytest.mark.usefixtures("toy")
def test_a_folder_holds_the_same_ensemble(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "CHUNK", 16)
    plain, kept = go(50, block=8), go(50, block=8, out=tmp_path / "out")
    assert kept.digest == plain.digest
    assert kept.series.equals(plain.series)
    assert (np.asarray(kept.moves[:]) == plain.moves).all()
    assert all((np.asarray(kept.trace[k][:]) == plain.trace[k]).all() for k in plain.trace)
    assert kept.events() == plain.events()
    assert kept.quantiles() == plain.quantiles()
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["digest"] == plain.digest
    assert not names(tmp_path)
    assert not (tmp_path / "out" / "blocks").exists()
    assert ensemble.reopen(tmp_path / "out", SC).digest == plain.digest
    assert xr.open_zarr(tmp_path / "out" / "series.zarr", chunks=None, consolidated=False).month.dtype.kind == "M"


@pytest.mark.usefixtures("toy")
def test_a_run_says_how_well_its_crises_were_solved(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "CHUNK", 16)
    go(50, block=8, out=tmp_path / "out")
    told = json.loads((tmp_path / "out" / "manifest.json").read_text())["ladders"]
    worlds = [world(k, 1, 4) for k in range(50)]
    played = np.stack([w["ladder"] >= 0 for w in worlds])
    lowered = np.stack([w["precision"] < 1 for w in worlds])
    assert told["solved"] == played.sum() > 0
    assert told["lower_precision"] == pytest.approx(lowered.sum() / played.sum())
    assert told["largest_residual"] == max(w["residual"].max() for w in worlds)
    assert ensemble.reopen(tmp_path / "out", SC).solving == told == go(50).solving


@pytest.mark.usefixtures("toy")
def test_the_tables_are_tidy_and_end_with_the_war(tmp_path):
    ens = go(30, out=tmp_path / "out")
    moves = pq.read_table(tmp_path / "out" / "moves.parquet").to_pandas()
    assert list(moves) == ["world", "month", "seat", "slot", "instrument", "issue", "target", "accepted"]
    assert len(moves) == ((ens.moves[:] >= 0) & ens.alive[:, :, None, None]).sum()
    assert not ((moves.world == 4) & (moves.month == "1953-04")).any()
    first = moves[(moves.world == 0)].iloc[0]
    row = ST.rows[int(ens.moves[0, int(first.month[-2:]) - 1, first.slot, ST.deciders.index(first.seat)])]
    assert (row.instrument, row.issue) == (first.instrument, "" if pd.isna(first.issue) else first.issue)
    forced = pq.read_table(tmp_path / "out" / "forced.parquet").to_pandas()
    assert set(forced.kind) == {"succession", "meeting", "deadline", "discovery", "ladder"}
    assert "war" in set(forced[forced.kind == "ladder"].answer)
    assert {"stalin", "malenkov"} & set(forced[forced.kind == "succession"].answer)
    events = pq.read_table(tmp_path / "out" / "nature.parquet").to_pandas()
    assert set(events.event) <= set(EVENTS)


@pytest.mark.usefixtures("toy")
def test_a_large_run_without_a_folder_goes_to_a_temporary_one(monkeypatch):
    whole = go()
    monkeypatch.setattr(ensemble, "MEMORY", 1000)
    ens = go()
    assert (ens.path, ens.digest) == (Path(ens.holder.name), whole.digest)
    folder = ens.path
    del ens
    assert not folder.exists()


@pytest.mark.usefixtures("toy")
def test_whole_worlds_are_kept_when_asked_for(tmp_path):
    ens = go(20, block=8, devices=1, keep="world", out=tmp_path)
    group = zarr.open_group(tmp_path / "world.zarr", mode="r")
    assert group["home.standing"].shape == (20, 4, len(ST.deciders))
    assert group["home.standing"][8, 0, 0] == 0
    assert ens.digest == go(20).digest


def test_the_size_of_whole_worlds_is_known_beforehand():
    one = opening(ST, 1)
    floats = sum(np.asarray(leaf).size for leaf in jax.tree.leaves(one))
    assert ensemble.bytes_of_worlds(ST, 3, 2) == 3 * 2 * 4 * floats
    assert len(jax.tree.leaves(one)) == len(AXES)


# Stopped and gone on with


@pytest.mark.parametrize("at", range(1, 5))
def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path, toy, at):
    def stop(done, total):
        if done >= at * 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        go(40, block=8, devices=1, out=tmp_path, progress=stop)
    assert not names(tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text())["digest"] is None
    with pytest.raises(RunError, match="not finished"):
        ensemble.reopen(tmp_path)
    before, toy.computed = toy.computed, 0
    ens = go(40, block=16, devices=2, out=tmp_path)
    assert before == at
    assert toy.computed == 5 - at
    assert ens.digest == go(40).digest


def test_a_finished_run_is_not_computed_again(tmp_path, toy):
    first = go(out=tmp_path)
    toy.computed = 0
    assert go(out=tmp_path).digest == first.digest
    assert toy.computed == 0


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("step", [1, 6, 7, 9, 12])
def test_a_kill_while_the_folder_is_converted_loses_nothing(tmp_path, monkeypatch, step):
    monkeypatch.setattr(store, "CHUNK", 16)
    whole, rename, calls = go(40, block=8), Path.replace, []

    def killed(self, target):
        if threading.current_thread() is threading.main_thread():
            calls.append(self)
            if len(calls) == step:
                raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            go(40, block=8, out=tmp_path)
    ens = go(40, block=8, out=tmp_path)
    assert ens.digest == whole.digest
    assert ens.series.equals(whole.series)
    assert not names(tmp_path)


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("step", [3, 9, 11])
def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(tmp_path, monkeypatch, step):
    monkeypatch.setattr(store, "CHUNK", 16)
    calls = []

    def full(file):
        calls.append(file)
        if len(calls) == step:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store.os, "fsync", full)
        if step == 11:
            patch.setattr(store, "_create", lambda *_: full(None))
            calls.extend([None] * 5)
        with pytest.raises(RunError, match="disk is full"):
            go(60, block=8, out=tmp_path)
    assert not list(tmp_path.rglob("*.zst.part"))
    assert not (tmp_path / "series.zarr").exists()
    assert not (tmp_path / "moves.parquet").exists()
    assert go(60, block=8, out=tmp_path).digest == go(60).digest


# Refused


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("more", [{"seed": 2}, {"worlds": 21}, {"until": "1953-05"}, {"nature": "drawn"}])
def test_a_folder_made_with_other_settings_is_refused(tmp_path, more):
    go(out=tmp_path)
    with pytest.raises(RunError, match=f"was made with {'months' if 'until' in more else next(iter(more))}"):
        go(out=tmp_path, **more)


@pytest.mark.usefixtures("toy")
def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(RunError, match="holds other files"):
        go(out=tmp_path)


@pytest.mark.usefixtures("toy")
def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Cannot write"):
        go(out=tmp_path / "file" / "out")


@pytest.mark.parametrize(
    "more",
    [{"worlds": 0}, {"until": "1066-10"}, {"nature": "free"}, {"keep": "all"}, {"seed": -1}, {"block": 4}],
)
def test_a_wrong_setting_is_one_sentence(more):
    with pytest.raises(RunError, match=next(iter(more))):
        run(SC, **more)


# Repeated


@pytest.mark.usefixtures("toy")
def test_a_manifest_repeats_the_run(tmp_path):
    ens = go(out=tmp_path, block=8)
    again = replay(tmp_path / "manifest.json", SC)
    assert again.same
    assert again.changed == []
    other = replay(ens.manifest | {"digest": "0", "code_hash": "0"}, SC)
    assert not other.same
    assert other.changed == ["code_hash"]
    with pytest.raises(RunError, match="no manifest"):
        replay(tmp_path / "nothing.json")


@pytest.mark.usefixtures("toy")
def test_the_chronicle_changes_nothing():
    empty = SC.chronicle.model_copy(update={"events": {}, "files": {}, "shocks": {}})
    bare = SC.model_copy(update={"chronicle": empty})
    assert run(bare, worlds=9, until="1953-02").digest == go(9, until="1953-02").digest
    assert run(bare, worlds=9, until="1953-02").events() == []


def test_the_package_shows_its_face():
    assert detente.run is run
    assert detente.load is scenario.load
    assert detente.__version__
    with pytest.raises(AttributeError):
        detente.peace  # noqa: B018


# The model itself


@pytest.mark.slow
def test_the_model_gives_the_same_bytes_in_any_block_on_one_or_two_devices():
    one = run(WHOLE, worlds=12, until="1953-03", devices=1)
    two = run(WHOLE, worlds=12, until="1953-03", devices=2, block=8)
    odd = run(WHOLE, worlds=12, until="1953-03", devices=1, block=9)
    assert one.digest == two.digest == odd.digest


@pytest.mark.slow
def test_whole_worlds_of_the_model_agree_with_its_series(tmp_path):
    ens = run(WHOLE, worlds=8, until="1953-02", devices=1, block=8, keep="world", out=tmp_path)
    group = zarr.open_group(tmp_path / "world.zarr", mode="r")
    assert set(group.array_keys()) == set(AXES)
    assert (group["war"][:] == ens.values("at_war")).all()
    assert ens.digest == run(WHOLE, worlds=8, until="1953-02", devices=1, block=8).digest
