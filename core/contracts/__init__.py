"""What holds for every method and every metric, ours and those of installed packages.

Each contract is a function that raises `ContractError` where it is broken. The tests run them over
the registries; `bandweave check` runs them on what an installed package adds.
"""
