"""What others reach on the MIPS tasks, and how small machines built by hand are.

GPT-4: ``gpt4/task_results.csv`` of github ejmichaud/neural-verification. MIPS: the programs in its
branch ``pipeline`` (22 Jan 2024), run on 200 fresh strings of training length; INFERRED are those
that are wrong only by a constant offset of their start state: with them the totals of the paper
come out (32 solved, 13 of them not by GPT-4), and its own table per task was not at hand. Links by
hand: machines of accumulators, maximum norms, comparisons and products that were built and checked
on 64 strings of 200 samples; no lower bound.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PUBLISHED", "Published"]


class Published(NamedTuple):
    """Whether GPT-4 and MIPS solve a task, and links of a machine built by hand, if any."""

    gpt4: str
    mips: str
    links_by_hand: int | None


NO, YES, INFERRED = "no", "yes", "yes (inferred)"

PUBLISHED: dict[str, Published] = {
    "Binary_Addition": Published(NO, YES, 17),
    "Base_3_Addition": Published(NO, NO, 17),
    "Base_4_Addition": Published(NO, NO, 17),
    "Base_5_Addition": Published(NO, NO, 17),
    "Base_6_Addition": Published(YES, NO, 17),
    "Base_7_Addition": Published(NO, NO, 17),
    "Bitwise_Xor": Published(YES, YES, 4),
    "Bitwise_Or": Published(YES, YES, 5),
    "Bitwise_And": Published(YES, YES, 3),
    "Bitwise_Not": Published(YES, YES, 2),
    "Parity_Last2": Published(YES, YES, 5),
    "Parity_Last3": Published(NO, YES, 10),
    "Parity_Last4": Published(NO, NO, 13),
    "Parity_All": Published(NO, YES, 5),
    "Parity_Zeros": Published(NO, YES, 6),
    "Evens_Counter": Published(NO, NO, 16),
    "Sum_All": Published(YES, INFERRED, 3),
    "Sum_Last2": Published(NO, YES, 3),
    "Sum_Last3": Published(NO, YES, 5),
    "Sum_Last4": Published(YES, INFERRED, 7),
    "Sum_Last5": Published(YES, YES, 9),
    "Sum_Last6": Published(YES, YES, 11),
    "Sum_Last7": Published(YES, YES, 13),
    "Current_Number": Published(YES, YES, 1),
    "Prev1": Published(YES, YES, 2),
    "Prev2": Published(YES, YES, 3),
    "Prev3": Published(YES, YES, 4),
    "Prev4": Published(YES, YES, 5),
    "Prev5": Published(YES, YES, 6),
    "Previous_Equals_Current": Published(NO, YES, 6),
    "Diff_Last2": Published(NO, YES, 4),
    "Abs_Diff": Published(NO, YES, 5),
    "Abs_Current": Published(YES, YES, 2),
    "Diff_Abs_Values": Published(YES, NO, 4),
    "Min_Seen": Published(YES, NO, 9),
    "Max_Seen": Published(YES, NO, 7),
    "Majority_0_1": Published(YES, NO, 8),
    "Majority_0_2": Published(NO, NO, 32),
    "Majority_0_3": Published(NO, NO, None),
    "Evens_Detector": Published(YES, NO, 13),
    "Perfect_Square_Detector": Published(NO, NO, 22),
    "Bit_Palindrome": Published(YES, NO, None),
    "Balanced_Parenthesis": Published(NO, NO, 12),
    "Parity_Bits_Mod2": Published(YES, NO, 3),
    "Alternating_Last3": Published(NO, NO, 10),
    "Alternating_Last4": Published(YES, NO, 12),
    "Bit_Shift_Right": Published(YES, YES, 2),
    "Bit_Dot_Prod_Mod2": Published(NO, YES, 7),
    "Div_3": Published(YES, NO, 16),
    "Div_5": Published(NO, NO, 16),
    "Div_7": Published(NO, NO, 16),
    "Add_Mod_3": Published(YES, YES, 17),
    "Add_Mod_4": Published(NO, NO, 17),
    "Add_Mod_5": Published(NO, NO, 17),
    "Add_Mod_6": Published(NO, NO, 17),
    "Add_Mod_7": Published(NO, NO, 17),
    "Add_Mod_8": Published(NO, NO, 17),
    "Dithering": Published(YES, NO, 16),
    "Newton_Freebody": Published(NO, YES, 5),
    "Newton_Gravity": Published(NO, YES, 6),
    "Newton_Spring": Published(NO, YES, 7),
    "Newton_Magnetic": Published(NO, NO, 12),
}
