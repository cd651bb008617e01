"""`random` from a seed, so that what a program does by chance it does again."""


def replace(env):
    seed = env.get("CRISP_SEED")
    if seed:
        import random

        random.seed(seed)
