"""What Optuna would try next, where it is installed: nothing else needs it."""

import math
from collections.abc import Sequence
from typing import Any

from bandweave.workspace.sweeps import Changes, Sweep, Varied
from bandweave.workspace.trials import Trial


def suggested(sweep: Sweep, known: Sequence[Trial], number: int) -> Changes:
    """Return what a tree-structured Parzen estimator would try as the trial of a number.

    It is told every trial so far, those under way too, so that it depends on these and the seed
    alone and nothing of Optuna's need be kept (Akiba et al. 2019, doi 10.1145/3292500.3330701).
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {each.setting.name: _distribution(optuna.distributions, each) for each in sweep.varied}
    # those that are under way count as bad, so that others are not tried beside them
    sampler = optuna.samplers.TPESampler(seed=sweep.seeds[0] + number, constant_liar=True)
    study = optuna.create_study(sampler=sampler)
    states = optuna.trial.TrialState
    for trial in known:
        changes = {name: trial.changes.get(name) for name in space}
        done = not math.isinf(trial.distance)
        if None in changes.values() or (trial.state.final and not done):
            continue
        study.add_trial(
            optuna.trial.create_trial(
                params=changes,
                distributions=space,
                value=trial.distance if done else None,
                state=states.COMPLETE if done else states.RUNNING,
            )
        )
    asked = study.ask(space)
    return {
        each.setting.name: _value(each, asked.params[each.setting.name]) for each in sweep.varied
    }


def _distribution(shelf: Any, varied: Varied) -> Any:
    if varied.values:
        return shelf.CategoricalDistribution(varied.values)
    return shelf.FloatDistribution(varied.low, varied.high, log=varied.by_powers)


def _value(varied: Varied, suggestion: Any) -> Any:
    return suggestion if varied.values else varied.nearest(suggestion)
