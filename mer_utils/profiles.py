"""The three sizes in which the companion runs: ``smoke`` for tests, ``quick`` for readers, ``paper`` to replicate.

Public names: ``Profile``, ``PROFILES``, ``ProfileError``, ``get_profile``.
"""

from dataclasses import dataclass


class ProfileError(ValueError):
    """A profile that does not exist was asked for."""


@dataclass(frozen=True)
class Profile:
    """The sizes of one run.

    Attributes
    ----------
    name
        One of the keys of `PROFILES`.
    n_clips
        Clips of the generated corpus, all splits together.
    width
        Channels of the networks' first layer; 64 is the papers' network.
    n_samples
        Perturbed spectrograms per explanation.
    max_epochs
        Most passes over the training split; 199 in the papers (METHOD §5).
    cell_timeout
        Longest time one notebook cell may take, seconds.
    """

    name: str
    n_clips: int
    width: int
    n_samples: int
    max_epochs: int
    cell_timeout: int


#: Every profile by name.
PROFILES = {
    profile.name: profile
    for profile in (
        Profile("smoke", n_clips=48, width=8, n_samples=300, max_epochs=2, cell_timeout=120),
        Profile("quick", n_clips=1400, width=16, n_samples=3_000, max_epochs=16, cell_timeout=900),
        Profile("paper", n_clips=4000, width=64, n_samples=50_000, max_epochs=199, cell_timeout=7 * 24 * 3600),
    )
}


def get_profile(name: str) -> Profile:
    """Look a profile up by its name.

    Parameters
    ----------
    name
        One of the keys of `PROFILES`.

    Returns
    -------
    Profile
        The sizes of the run.

    Raises
    ------
    ProfileError
        If there is no such profile; the message lists those there are.
    """
    if name not in PROFILES:
        raise ProfileError(f"unknown profile {name!r}; there are: {', '.join(PROFILES)}")
    return PROFILES[name]
