# SPDX-License-Identifier: PostgreSQL
"""Our calendar beside engines that others wrote: questions by chance, the answers of both, and where they part."""
