"""A machine that changes among three states; the second way solves its balance exactly with sympy."""

from flows.domains.science.topics.topic import Values


def stay_idle(start_chance: float, fail_idle: float) -> float:
    return 1 - start_chance - fail_idle


def stay_running(stop_chance: float, fail_running: float) -> float:
    return 1 - stop_chance - fail_running


def share_running(
    start_chance: float, fail_idle: float, fail_running: float, repair_chance: float, stay_running: float
) -> float:
    idle, running = repair_chance * (1 - stay_running), repair_chance * start_chance
    broken = fail_idle * (1 - stay_running) + start_chance * fail_running
    return running / (idle + running + broken)


def share_broken(share_running: float, stop_chance: float, fail_running: float, start_chance: float) -> float:
    return 1 - share_running - share_running * (stop_chance + fail_running) / start_chance


def return_time(share_broken: float) -> float:
    return 1 / share_broken


def output(share_running: float, share_broken: float, gain: float, repair_cost: float) -> float:
    return share_running * gain - share_broken * repair_cost


def check(given: Values) -> Values:
    """The same by rational numbers."""
    import sympy

    names = ("start_chance", "fail_idle", "stop_chance", "fail_running", "repair_chance")
    start, fail_idle, stop, fail, repair = (sympy.Rational(str(given[name])) for name in names)
    moves = sympy.Matrix(
        [[1 - start - fail_idle, start, fail_idle], [stop, 1 - stop - fail, fail], [repair, 0, 1 - repair]]
    )
    balance = (moves.T - sympy.eye(3)).row_insert(3, sympy.ones(1, 3))
    idle, running, broken = (balance[1:, :]).LUsolve(sympy.Matrix([0, 0, 1]))
    return {
        "stay_idle": float(moves[0, 0]), "stay_running": float(moves[1, 1]), "share_running": float(running),
        "share_broken": float(1 - idle - running), "return_time": float(1 / broken),
        "output": float(running) * given["gain"] - float(broken) * given["repair_cost"],
    }  # fmt: skip


STEPS = (stay_idle, stay_running, share_running, share_broken, return_time, output)
