"""Games that tests play: published ones from files, classic and random ones grown here."""

import csv
from itertools import permutations
from pathlib import Path

import numpy as np

from detente.games.tree import Game, Tree
from detente.interop import gambit

HOME = Path(__file__).parents[1] / "data" / "games"
PUBLISHED = sorted(file.stem for file in HOME.glob("*.efg"))


def rows(name: str) -> list[dict[str, str]]:
    """A table of tests/data/games, its first line (where it comes from) left out."""
    with (HOME / name).open(encoding="utf-8") as file:
        next(file)
        return list(csv.DictReader(file))


def published(name: str) -> Game:
    game = gambit.read(HOME / f"{name}.efg")
    assert isinstance(game, Game)
    return game


def chances(game: Game, profile: np.ndarray) -> dict[tuple[str, str, str], float]:
    """Probability by (player, information set, action)."""
    found = {}
    for k, index in enumerate(game.personal):
        one = game.infosets[index]
        for a, action in enumerate(one.actions):
            found[game.players[one.player - 1], one.label, action] = float(profile[game.first[k] + a])
    return found


def kuhn() -> Game:
    """Kuhn's poker: three cards, one coin each in the pot, one bet of one coin."""
    tree = Tree("Kuhn poker", ["one", "two"])
    deals = list(permutations("JQK", 2))
    nodes = dict(zip(deals, tree.chance({a + b: 1 / 6 for a, b in deals}), strict=True))

    def showdown(node: int, deal: tuple[str, str], pot: float) -> None:
        won = pot if "JQK".index(deal[0]) > "JQK".index(deal[1]) else -pot
        tree.end(node, won, -won)

    def fork(who: int, at: dict, actions: list[str], label: str) -> tuple[dict, dict]:
        left, right = {}, {}
        for card in "JQK":
            held = [deal for deal in at if deal[who] == card]
            one, two = tree.move(tree.players[who], [at[d] for d in held], actions, card + label)
            left |= dict(zip(held, one, strict=True))
            right |= dict(zip(held, two, strict=True))
        return left, right

    check, bet = fork(0, nodes, ["check", "bet"], "")
    checked, raised = fork(1, check, ["check", "bet"], " after check")
    folded, called = fork(1, bet, ["fold", "call"], " after bet")
    gave_up, stayed = fork(0, raised, ["fold", "call"], " after check and bet")
    for deal, node in checked.items():
        showdown(node, deal, 1.0)
    for bets in (called, stayed):
        for deal, node in bets.items():
            showdown(node, deal, 2.0)
    for node in folded.values():
        tree.end(node, 1.0, -1.0)
    for node in gave_up.values():
        tree.end(node, -1.0, 1.0)
    return tree.game()


def deterrence(hard_c: float, hard_d: float) -> Game:
    """Unilateral deterrence with private resolve, with the payoffs of the published numbers."""
    tree = Tree("Deterrence", ["challenger", "defender"])
    types = [(c, d) for c in "hs" for d in "hs"]
    share = {"h": (hard_c, hard_d), "s": (1 - hard_c, 1 - hard_d)}
    start = tree.chance({c + d: share[c][0] * share[d][1] for c, d in types})
    war_c, war_d = {"h": 0.3, "s": -0.5}, {"h": 0.4, "s": -0.4}
    attacked, after, fought = {}, {}, {}
    for kind in "hs":
        held = [(t, n) for t, n in zip(types, start, strict=True) if t[0] == kind]
        quiet, attack = tree.move("challenger", [n for _, n in held], ["cooperate", "attack"], kind)
        for node in quiet:
            tree.end(node, 0.6, 1.0)
        attacked |= {t: n for (t, _), n in zip(held, attack, strict=True)}
    for kind in "hs":
        held = [t for t in types if t[1] == kind]
        concede, resist = tree.move("defender", [attacked[t] for t in held], ["concede", "resist"], kind)
        for node in concede:
            tree.end(node, 1.0, 0.2)
        after |= dict(zip(held, resist, strict=True))
    for kind in "hs":
        held = [t for t in types if t[0] == kind]
        back, fight = tree.move("challenger", [after[t] for t in held], ["back down", "fight"], f"{kind} resisted")
        for node in back:
            tree.end(node, 0.0, 0.8)
        fought |= dict(zip(held, fight, strict=True))
    for (c, d), node in fought.items():
        tree.end(node, war_c[c], war_d[d])
    return tree.game()


def grown(seed: int, depth: int = 2, types: int = 2, players: int = 2) -> Game:
    """A random game: private types drawn by chance, public moves in turn, two or three actions each."""
    rng = np.random.default_rng(seed)
    names = [f"player {k + 1}" for k in range(players)]
    tree = Tree(f"random {seed}", names)
    pairs = [(i, j) for i in range(types) for j in range(types)]
    weights = rng.dirichlet(np.ones(len(pairs)))
    level = [("", tree.chance({f"{i}{j}": float(w) for (i, j), w in zip(pairs, weights, strict=True)}))]
    for turn in range(depth):
        fresh = []
        for past, nodes in level:
            kinds = [pair[turn % 2] for pair in pairs]
            for action, ends in public(tree, names[turn % players], nodes, kinds, int(rng.integers(2, 4)), past):
                if turn + 1 == depth or rng.random() < 0.3:
                    for node in ends:
                        tree.end(node, *rng.normal(size=players))
                else:
                    fresh.append((f"{past}{action}", ends))
        level = fresh
    return tree.game()


def public(tree: Tree, player: str, nodes: list[int], kinds: list[int], width: int, past: str):
    """A public move of a player that knows its kind: for each action, the node after it for each pair of types."""
    actions = [f"a{k}" for k in range(width)]
    after = {action: [-1] * len(nodes) for action in actions}
    for kind in sorted(set(kinds)):
        held = [k for k in range(len(nodes)) if kinds[k] == kind]
        moved = tree.move(player, [nodes[k] for k in held], actions, f"{past}/{kind}")
        for action, ends in zip(actions, moved, strict=True):
            for k, node in zip(held, ends, strict=True):
                after[action][k] = node
    return after.items()


def mirrored(game: Game) -> Game:
    """The same game with every list of actions turned around."""
    order, branch, stack = [], {0: -1}, [0]
    while stack:
        node = stack.pop()
        order.append(node)
        branch |= {child: k for k, child in enumerate(reversed(game.children[node]))}
        stack += game.children[node]
    place = {node: rank for rank, node in enumerate(order)} | {-1: -1}
    return Game(
        game.title,
        game.players,
        tuple(type(one)(one.player, one.label, one.actions[::-1], one.probabilities[::-1]) for one in game.infosets),
        np.array([place[int(game.parent[n])] for n in order]),
        np.array([branch[n] for n in order]),
        game.infoset[order],
        game.outcome[order],
        game.outcomes,
    )
