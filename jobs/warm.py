"""Compile the engine's kernels once, so that the first plan does not wait for them."""


def main() -> None:
    """Compile and cache every kernel (filled in as kernels arrive)."""


if __name__ == "__main__":
    main()
