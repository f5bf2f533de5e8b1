"""Covariances that fit equally well: straight lines along which the deviance never changes."""

from dataclasses import replace

import numpy as np

from mlmkit.engine.elsewhere import SINGULAR
from mlmkit.engine.flat import entries, flat_directions, room, symmetric
from mlmkit.engine.theta import lower_triangle, pattern

SAME = 1e-4  # change of the deviance that counts as none; true lines stay below 1e-8
MOVES = 1e-4  # change of a covariance, in standard deviations, from which it is named


def flat_lines(found):
    """List the ways to change the covariances of a `FoundByLikelihood` that leave the deviance as it is.

    Returns
    -------
    lines : list of list of (Term, ndarray)
        For each line the terms that change along it, and how much their covariance matrices do from one end
        to the other: shape (q, q), in the data's units, zero where nothing changes.
    middle : list of ndarray, each (q, q)
        Lambda of each factor in the middle of all lines, for the scaled columns.
    """
    factors = found.design.factors
    patterns = [pattern(factor.terms) for factor in factors]
    directions = flat_directions(found.problem, found.optimum, patterns)
    middle = [lam @ lam.T for lam in found.inner_lambdas]
    if not len(directions):
        return [], found.inner_lambdas
    maps, lines = found.scaled.z_maps, []
    for direction in _simplest(
        directions, maps, patterns
    ):  # away from the edge, where the search may have ended
        low, high = _ends(middle, direction, patterns)
        middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    for direction in _simplest(_inside(directions, middle, patterns), maps, patterns):
        ends = _ends(middle, direction, patterns)
        roots = [[_root(one) for one in end] for end in ends]
        solutions = [_solution_at(found, entries(end, patterns)) for end in roots]
        if all(abs(other.optimum.value - found.optimum.value) < SAME for other in solutions):
            lines.append(_described(*solutions))
    return lines, [_root(one) for one in middle] if lines else found.inner_lambdas


def _simplest(directions, maps, patterns):
    """Combine directions so that each changes few entries of the covariances in the data's own units."""
    if not len(directions):
        return []
    units = entries([np.outer(_lengths(one), _lengths(one)) for one in maps], patterns)
    rows = np.array([_through(direction, maps, patterns) for direction in directions]) / units
    back = [np.linalg.inv(one) for one in maps]
    return [_through(row * units, back, patterns) for row in _reduced(rows)]


def _through(direction, maps, patterns):
    """Take a change of the covariances of some effects to that of other effects, ``map @ effects``."""
    changes = zip(maps, symmetric(direction, patterns), strict=True)
    return entries([into @ change @ into.T for into, change in changes], patterns)


def _lengths(matrix):
    """Length of each row: how much of an effect one unit of the scaled effects makes."""
    return np.sqrt((matrix**2).sum(axis=1))


def _reduced(rows):
    """Reduce rows to echelon form: where the first entry of one stands, the others have a zero."""
    rows, done = rows.copy(), 0
    noise = 1e-6 * np.abs(rows).max()
    for column in range(rows.shape[1]):
        if done == len(rows):
            break
        best = done + int(np.argmax(np.abs(rows[done:, column])))
        if abs(rows[best, column]) < noise:
            rows[done:, column] = 0.0
            continue
        rows[[done, best]] = rows[[best, done]]
        rows[done] /= rows[done, column]
        others = np.arange(len(rows)) != done
        rows[others] -= np.outer(rows[others, column], rows[done])
        done += 1
    return rows


def _inside(directions, covariances, patterns):
    """Keep the directions in which a combination of effects that doesn't vary goes on not to vary."""
    directions, outside = directions / np.abs(directions).max(axis=1, keepdims=True), []
    for direction in directions:
        moved = []
        for covariance, change in zip(covariances, symmetric(direction, patterns), strict=True):
            values, vectors = np.linalg.eigh(covariance)
            moved.append((change @ vectors[:, values < SINGULAR**2]).ravel())
        outside.append(np.concatenate(moved))
    values, vectors = np.linalg.eigh(np.array(outside) @ np.array(outside).T)
    return vectors[:, values < 1e-10].T @ directions


def _ends(covariances, direction, patterns):
    """Go both ways along a line as far as there are covariance matrices, or to the double."""
    change = symmetric(direction, patterns)
    size = max(1.0, *(np.trace(one) for one in covariances)) / np.abs(direction).max()
    reach = np.clip(room(covariances, change), -size, size)
    return [[one + step * moved for one, moved in zip(covariances, change, strict=True)] for step in reach]


def _solution_at(found, theta):
    """Make the solution at another theta."""
    parameters = np.concatenate([theta, found.optimum.theta[found.n_theta :]])
    value, gradient = found.problem(parameters)
    optimum = replace(found.optimum, theta=parameters, value=value, gradient=gradient)
    return type(found)(found.design, found.scaled, found.problem, optimum)


def _root(covariance):
    """Factor a covariance matrix that may be singular; lower triangular."""
    values, vectors = np.linalg.eigh(covariance)
    return lower_triangle(vectors * np.sqrt(np.maximum(values, 0.0)))


def _described(low, high):
    """Say what changes between two solutions of the same deviance."""
    changes = []
    for place, factor in enumerate(low.design.factors):
        before, after = (end.unit**2 * end.lambdas[place] @ end.lambdas[place].T for end in (low, high))
        least = SINGULAR * high.unit * _lengths(high.scaled.z_maps[place])  # a zero, in the data's units
        sd = np.sqrt(np.maximum(np.diagonal(before), np.diagonal(after)) + least**2)
        change = after - before
        change[np.abs(change) <= MOVES * np.outer(sd, sd)] = 0.0
        for term in factor.terms:
            where = slice(term.first, term.first + term.size)
            if change[where, where].any():
                changes.append((term, change[where, where]))
    return changes
