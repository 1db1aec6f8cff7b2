"""What starting from a released net is worth: ``python benchmarks/finetuning.py [--store]``.

Trains 48 nets of width 16 and refits 24 on music that the released nets never heard (`mer_utils.finetuning`), for half
an hour of one core; a stopped call goes on where it was. ``--store`` writes ``data/sweeps/finetuning.csv``, which
notebook 02 reads. Without it, what is stored is printed where it is up to date.
"""

import argparse

from mer_utils.files import shorten_path
from mer_utils.finetuning import FinetuningError, compute_finetuning, load_finetuning, save_finetuning


def main() -> None:
    """Compute the table, or read it, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", action="store_true", help="compute it and write it to data/sweeps")
    if parser.parse_args().store:
        print(f"written: {shorten_path(save_finetuning(compute_finetuning()))}")
    try:
        table = load_finetuning()
    except FinetuningError:
        table = compute_finetuning()
    print(table.to_string(index=False, float_format="{:.3g}".format))


if __name__ == "__main__":
    main()
