"""From a finished run to the committed notebooks, on notebooks of a few cells."""

import base64
import io
import json

import nbformat
import numpy as np
import pytest
import soundfile
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from mer_utils import companion, outputs, refresh
from mer_utils.paths import ROOT

PARAMETERS = 'PROFILE = "quick"  # or smoke, paper\nCORPUS = "auto"\nSEED = 0'
INJECTED = '# Parameters\nPROFILE = "quick"\nCORPUS = "auto"\nSEED = 0\n'
RUN_WITH = {"PROFILE": "quick", "CORPUS": "auto", "SEED": 0}


def png(rng=None):
    pixels = np.zeros((80, 80, 4), np.uint8) if rng is None else rng.integers(0, 255, (80, 80, 4), np.uint8)
    pixels[..., 3] = 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", dpi=(100, 100))
    return file.getvalue()


def shown(**data):
    return new_output("display_data", data={kind.replace("_", "/"): value for kind, value in data.items()})


def ogg(path, y, **options):
    soundfile.write(path, y, 22050, **options)
    return path


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with one notebook of four cells that was run; tests edit what the run left."""
    for folder in ("notebooks", "figures", "build/quick/notebooks", "build/quick/figures"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(companion, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(refresh, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(refresh, "BUILD", tmp_path / "build")
    source = make_notebook()
    nbformat.write(source, tmp_path / "notebooks" / "01_a.ipynb")
    leave_run(tmp_path, source)
    return tmp_path


def make_notebook():
    cells = [
        new_markdown_cell("# Why?", id="a"),
        new_code_cell(PARAMETERS, id="b", metadata={"tags": ["parameters"]}),
        new_code_cell("show()", id="c"),
        new_code_cell("2 + 2", id="d"),
    ]
    return new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}}
    )


def leave_run(root, source, outputs=(), *, parameters=RUN_WITH, **changes):
    """Write what a run leaves: an injected cell, counts, timings, widget state and the third cell's ``outputs``."""
    done = nbformat.from_dict(json.loads(json.dumps(source)))
    done.cells.insert(2, new_code_cell(INJECTED, metadata={"tags": ["injected-parameters"]}))
    for i, cell in enumerate(done.cells[1:]):
        cell.update(execution_count=i + 1, outputs=[])
        cell.metadata["papermill"] = {"duration": 0.123}
    done.cells[3].outputs = [nbformat.from_dict(output) for output in outputs]
    done.cells[4].outputs = [new_output("execute_result", data={"text/plain": "4"}, execution_count=4)]
    done.metadata.update(papermill={"parameters": parameters, "duration": 1.5}, widgets={"x": {"state": {}}})
    for position, changed in changes.items():
        done.cells[int(position.removeprefix("cell"))].update(changed)
    nbformat.write(done, root / "build" / "quick" / "notebooks" / "01_a.ipynb")


def refreshed(root, *outputs, **options):
    leave_run(root, make_notebook(), outputs, **options)
    changed = refresh.refresh_notebooks()
    notebook = nbformat.read(root / "notebooks" / "01_a.ipynb", as_version=4)
    return notebook, [path.name for path in changed]


def test_the_sources_stay_and_the_outputs_come(root):
    notebook, changed = refreshed(root)
    source = make_notebook()
    assert [(c.id, c.source) for c in notebook.cells] == [(c.id, c.source) for c in source.cells]
    assert notebook.cells[3].outputs[0].data["text/plain"] == "4"
    assert changed == ["results.json", "01_a.ipynb"]


def test_nothing_of_the_run_itself_stays(root):
    refreshed(root)
    text = (root / "notebooks" / "01_a.ipynb").read_text()
    assert not [word for word in ("papermill", "duration", "injected", "widgets", "timing") if word in text]


def test_counts_go_from_one_as_if_nothing_had_been_injected(root):
    notebook, _ = refreshed(root)
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3]
    assert notebook.cells[3].outputs[0].execution_count == 3


def test_a_second_refresh_changes_nothing(root):
    refreshed(root, shown(image_png=base64.b64encode(png()).decode()))
    assert refresh.refresh_notebooks() == []


def test_pictures_become_palettes_that_look_the_same(root, rng):
    notebook, _ = refreshed(root, shown(image_png=base64.b64encode(png()).decode()))
    image = Image.open(io.BytesIO(base64.b64decode(notebook.cells[2].outputs[0].data["image/png"])))
    assert image.mode == "P"
    assert np.array_equal(np.asarray(image.convert("RGB")), np.zeros((80, 80, 3)))


def test_a_gradient_survives_the_palette_to_a_hundredth():
    ramp = np.linspace(0, 255, 256 * 256).astype(np.uint8).reshape(256, 256)
    pixels = np.stack([ramp, ramp.T, 255 - ramp], axis=-1)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    image = Image.open(io.BytesIO(refresh._compress_png(file.getvalue())))
    assert np.abs(np.asarray(image.convert("RGB")).astype(float) - pixels).mean() < 0.02 * 255


def test_progress_bars_and_widgets_go(root):
    bar = new_output(
        "stream", name="stderr", text="net:  50%|██  | 1/2 [00:01<00:01,  1.0s/epoch]\rnet: 100%|████| 2/2\n"
    )
    widget = new_output("display_data", data={outputs.WIDGET: {"model_id": "x"}, "text/plain": "IntSlider()"})
    notebook, _ = refreshed(root, bar, widget)
    assert notebook.cells[2].outputs == []


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (new_output("stream", name="stderr", text="x.py:1: UserWarning: old\n"), "warns: x.py:1: UserWarning"),
        (new_output("stream", text=f"wrote {ROOT}/x\n"), "a path of this machine"),
        (new_output("stream", text="wrote /home/jo/x\n"), "a path of this machine"),
        (new_output("stream", text="see file:///tmp/x\n"), "a path of this machine"),
        (shown(text_plain="[<Line2D at 0x7f0011223344>]"), "a memory address"),
        (shown(text_html='<audio src="data:audio/wav;base64,UklGRgAA">'), "an embedded sound"),
        (shown(audio_wav="UklGRgAA"), "an embedded sound"),
        (shown(text_html='<audio src="../figures/01_none.ogg">'), "01_none.ogg, which the run did not write"),
        (shown(text_html="x" * 300_001), "kB, more than 300"),
        (new_output("error", ename="KeyError", evalue="'x'", traceback=[]), "failed: cell .3.: KeyError"),
    ],
)
def test_what_has_no_place_in_a_repository_is_refused(root, output, said):
    before = (root / "notebooks" / "01_a.ipynb").read_bytes()
    with pytest.raises(refresh.RefreshError, match=said):
        refreshed(root, output)
    assert (root / "notebooks" / "01_a.ipynb").read_bytes() == before


@pytest.mark.parametrize("text", ["see ../tmp/x and https://a.b/home/x", "1/home/run", "<Figure size 640x480>"])
def test_what_only_looks_like_a_path_passes(root, text):
    assert refreshed(root, new_output("stream", text=text))[0].cells[2].outputs[0].text == text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cell3": {"source": "show(more)"}}, "edited since it ran"),
        ({"cell4": {"execution_count": None}}, "not executed once from top to bottom"),
        ({"cell3": {"execution_count": 9}}, "not executed once from top to bottom"),
        ({"parameters": RUN_WITH | {"SEED": 1}}, "ran with SEED = 1, its parameters cell says 0"),
    ],
)
def test_another_run_than_the_sources_own_is_refused(root, options, said):
    with pytest.raises(refresh.RefreshError, match=said):
        refreshed(root, **options)


def test_a_notebook_that_was_not_run_is_refused(root):
    (root / "build" / "quick" / "notebooks" / "01_a.ipynb").unlink()
    with pytest.raises(refresh.RefreshError, match='first make run ARGS="--only 01"'):
        refresh.refresh_notebooks()


def test_figures_come_and_old_ones_of_the_notebook_go(root):
    for name in ("01_old.csv", "02_other.csv"):
        (root / "figures" / name).touch()
    (root / "build" / "quick" / "figures" / "01_new.png").write_bytes(png())
    assert refreshed(root)[1] == ["01_new.png", "01_old.csv", "results.json", "01_a.ipynb"]
    assert sorted(path.name for path in root.glob("figures/*")) == ["01_new.png", "02_other.csv", "results.json"]


def test_a_figure_without_its_notebooks_number_is_refused(root):
    (root / "build" / "quick" / "figures" / "new.png").write_bytes(png())
    with pytest.raises(refresh.RefreshError, match="must begin with its notebook's number"):
        refreshed(root)


def test_a_sound_is_copied_only_where_its_samples_changed(root, rng):
    y = rng.uniform(-0.5, 0.5, 2000)
    old = ogg(root / "figures" / "01_a.ogg", y)
    new = ogg(root / "build" / "quick" / "figures" / "01_a.ogg", y)
    before = old.read_bytes()
    assert before != new.read_bytes(), "the codec's serial number differs, or this test shows nothing"
    assert "01_a.ogg" not in refreshed(root)[1]
    ogg(new, y * 0.9)
    assert "01_a.ogg" in refreshed(root)[1]


def test_results_of_other_notebooks_stay(root):
    (root / "figures" / "results.json").write_text('{"01_a": {"old": 1}, "02_b": {"kept": 2}}')
    (root / "build" / "quick" / "figures" / "results.json").write_text('{"01_a": {"new": 3}, "07_x": {"not": 4}}')
    refreshed(root)
    assert json.loads((root / "figures" / "results.json").read_text()) == {"01_a": {"new": 3}, "02_b": {"kept": 2}}


def test_from_run_to_repository_with_a_real_kernel(root):
    source = make_notebook()
    source.cells[2].source = "print(PROFILE)"
    nbformat.write(source, root / "notebooks" / "01_a.ipynb")
    assert companion.run_notebooks("quick", out=root / "build" / "quick")[0].status == "ok"
    refresh.refresh_notebooks("01")
    notebook = nbformat.read(root / "notebooks" / "01_a.ipynb", as_version=4)
    assert notebook.cells[2].outputs[0].text == "quick\n"
