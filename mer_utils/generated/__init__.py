"""A corpus of music whose truth is known: ratings, composer, renderer, truth."""
