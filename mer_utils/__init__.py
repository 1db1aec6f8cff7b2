"""Helpers of a companion to two papers on explainable music emotion recognition.

Symbols mean the same thing everywhere:

* ``y`` (n_samples,) mono float32 sound at ``sr`` Hz, peak at most 1;
* ``spec`` (n_frames, 149) log10(1 + magnitude), time first;
* ``midlevel`` (..., 7) and ``emotion`` (..., 8) in the order of `ratings.MIDLEVEL` and `ratings.EMOTIONS`:
  1-10 in tables of ratings, divided by 10 ("unit scale") at the network and after it;
* ``rng`` a `numpy.random.Generator`; nothing in the package touches a global random state.

Data flows one way through the modules, and so do the imports: ratings, audio, spectrogram, corpora and generated,
networks, training, predictor, scores, plots, companion.
"""

__version__ = "0.1.0"
