def mean(items):
    return sum(items) / len(items)


def spread(items):
    return max(items) - min(items)
