#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The documents whose commands need large packages (./dev clients), read as reading.py says."""
import unittest

import reading


class HeavyReading(reading.ReadingTest):
    is_heavy = True


if __name__ == "__main__":
    unittest.main()
