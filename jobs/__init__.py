"""What the system does, one verb a file; the only place where engine and lake meet."""

from jobs.kernel_cache import use_kernel_cache

use_kernel_cache()  # here, because it must come before the first import of numba
