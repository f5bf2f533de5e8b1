"""Which texts are nearly alike: TF-IDF of parts of words, and the cosine between texts (scikit-learn)."""

from __future__ import annotations

ALIKE = 0.7  # cosine: honest answers to one question have 0.1 to 0.3, a copy in other words 0.7 to 0.95
SHORTEST = 60  # characters: short answers are alike by necessity
PARTS = (3, 5)  # characters


def alike(texts: list[str], threshold: float = ALIKE) -> list[list[int]]:
    """Group texts of which each is nearly like another one of its group.

    Blanks and capitals don't count. Parts of words that many texts share weigh little (TF-IDF), so words of
    the question make nobody alike. Texts below 60 characters are left out.

    Parameters
    ----------
    texts : list of str
    threshold : float
        From which cosine on two texts are nearly alike, 0 to 1.

    Returns
    -------
    list of list of int
        Places in `texts`, the largest group first; nothing for texts that are like no other.

    Examples
    --------
    >>> house = "The fixed intercept is the mean of the zip codes, and each of them counts the same."
    >>> alike([house, "I would send the newspaper the mean of all the houses that were sold.", house.upper()])
    [[0, 2]]
    """
    plain = [" ".join(text.casefold().split()) for text in texts]
    places = [place for place, text in enumerate(plain) if len(text) >= SHORTEST]
    if len(places) < 2:
        return []
    from scipy.sparse.csgraph import connected_components
    from sklearn.feature_extraction.text import TfidfVectorizer

    parts = TfidfVectorizer(analyzer="char_wb", ngram_range=PARTS, sublinear_tf=True)
    rows = parts.fit_transform([plain[place] for place in places])  # of length 1, so products are cosines
    _, groups = connected_components(rows @ rows.T >= threshold, directed=False)
    members: dict[int, list[int]] = {}
    for place, group in zip(places, groups.tolist(), strict=True):
        members.setdefault(group, []).append(place)
    found = [group for group in members.values() if len(group) > 1]
    return sorted(found, key=lambda group: (-len(group), group))
