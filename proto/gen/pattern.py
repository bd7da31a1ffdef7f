"""Regular expressions of the model, compiled to tables, so that no engine runs on input.

The patterns are small: classes, groups, alternatives and counts. A pattern always has to
match the whole text (as Java's matches() does), so ^ and $ at its ends say nothing. The
result is a deterministic automaton over classes of code points: time is linear in the
text, whatever the text.
"""

from dataclasses import dataclass

LAST = 0x10FFFF
DIGIT = [(0x30, 0x39)]
WORD = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)]
SPACE = [(0x09, 0x0D), (0x20, 0x20)]
# Java's dot stops at line terminators.
DOT = [(0, 9), (0x0B, 0x0C), (0x0E, 0x84), (0x86, 0x2027), (0x202A, LAST)]


class PatternError(Exception):
    """The pattern uses something that is not understood here."""


@dataclass
class Automaton:
    lasts: list     # last code point of each range; the ranges cover everything
    classes: list   # class of each range
    n_classes: int
    table: list     # table[state][class] -> state; 0 is dead, 1 the start
    accepts: list   # accepts[state]

    def matches(self, text):
        state = 1
        for char in text:
            code = ord(char)
            index = next(i for i, last in enumerate(self.lasts) if code <= last)
            state = self.table[state][self.classes[index]]
        return self.accepts[state]


class Parser:
    """Recursive descent to a tree of tuples: set, cat, alt, repeat."""

    def __init__(self, text):
        self.text = text
        self.at = 0

    def peek(self):
        return self.text[self.at] if self.at < len(self.text) else ""

    def next(self):
        char = self.peek()
        self.at += 1
        return char

    def parse(self):
        tree = self.alternatives()
        if self.peek():
            raise PatternError(f"pattern: unexpected '{self.peek()}' in {self.text}")
        return tree

    def alternatives(self):
        parts = [self.sequence()]
        while self.peek() == "|":
            self.next()
            parts.append(self.sequence())
        return ("alt", parts) if len(parts) > 1 else parts[0]

    def sequence(self):
        parts = []
        while self.peek() not in ("", "|", ")"):
            char = self.peek()
            if char == "^" and not parts or char == "$":
                self.next()
                if char == "$" and self.peek() not in ("", "|", ")"):
                    raise PatternError(f"pattern: $ inside {self.text}")
                continue
            parts.append(self.counted(self.atom()))
        return ("cat", parts)

    def atom(self):
        char = self.next()
        if char == "(":
            tree = self.alternatives()
            if self.next() != ")":
                raise PatternError(f"pattern: ')' is missing in {self.text}")
            return tree
        if char == "[":
            return ("set", self.char_class())
        if char == ".":
            return ("set", DOT)
        if char == "\\":
            return ("set", self.escape())
        if char in "*+?{":
            raise PatternError(f"pattern: nothing to repeat in {self.text}")
        return ("set", [(ord(char), ord(char))])

    def escape(self):
        char = self.next()
        if char == "u":
            code = int(self.text[self.at:self.at + 4], 16)
            self.at += 4
            return [(code, code)]
        ranges = {"d": DIGIT, "w": WORD, "s": SPACE}.get(char)
        if ranges is None and (char == "" or char.isalnum()):
            raise PatternError(f"pattern: \\{char} is not understood in {self.text}")
        return ranges or [(ord(char), ord(char))]

    def char_class(self):
        ranges = []
        while self.peek() != "]":
            if self.peek() == "":
                raise PatternError(f"pattern: ']' is missing in {self.text}")
            one = self.class_item()
            single = len(one) == 1 and one[0][0] == one[0][1]
            if single and self.peek() == "-" and self.text[self.at + 1:self.at + 2] != "]":
                self.next()
                end = self.class_item()
                one = [(one[0][0], end[0][1])]
            ranges += one
        self.next()
        return ranges

    def class_item(self):
        char = self.next()
        return self.escape() if char == "\\" else [(ord(char), ord(char))]

    def counted(self, tree):
        char = self.peek()
        if char in ("*", "+", "?") and char:
            self.next()
            low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
            return ("repeat", tree, low, high)
        if char == "{":
            end = self.text.index("}", self.at)
            low, _, high = self.text[self.at + 1:end].partition(",")
            self.at = end + 1
            return ("repeat", tree, int(low), int(high or low))
        return tree


class Nfa:
    """Thompson's construction: one start and one end a piece, empty moves between."""

    def __init__(self):
        self.moves = []     # state -> list of (ranges, state); ranges None is empty

    def state(self):
        self.moves.append([])
        return len(self.moves) - 1

    def add(self, tree, start):
        """Build tree from start; returns its end state."""
        if tree[0] == "set":
            end = self.state()
            self.moves[start].append((tree[1], end))
            return end
        if tree[0] == "cat":
            for part in tree[1]:
                start = self.add(part, start)
            return start
        if tree[0] == "alt":
            end = self.state()
            for part in tree[1]:
                first = self.state()
                self.moves[start].append((None, first))
                self.moves[self.add(part, first)].append((None, end))
            return end
        _, part, low, high = tree
        for _ in range(low):
            start = self.add(part, start)
        if high is None:
            loop = self.state()
            self.moves[start].append((None, loop))
            self.moves[self.add(part, loop)].append((None, loop))
            return loop
        end = self.state()
        for _ in range(high - low):
            self.moves[start].append((None, end))
            start = self.add(part, start)
        self.moves[start].append((None, end))
        return end

    def closure(self, states):
        todo, seen = list(states), set(states)
        while todo:
            for ranges, target in self.moves[todo.pop()]:
                if ranges is None and target not in seen:
                    seen.add(target)
                    todo.append(target)
        return frozenset(seen)

    def step(self, states, code):
        return self.closure({target for state in states
                             for ranges, target in self.moves[state]
                             if ranges is not None
                             and any(low <= code <= high for low, high in ranges)})


def compile_pattern(text):
    nfa = Nfa()
    start = nfa.state()
    end = nfa.add(Parser(text).parse(), start)

    # Code points between two borders behave alike everywhere in the pattern.
    borders = {0}
    for moves in nfa.moves:
        for ranges, _ in moves:
            for low, high in ranges or ():
                borders |= {low, high + 1}
    firsts = sorted(b for b in borders if b <= LAST)
    lasts = [b - 1 for b in firsts[1:]] + [LAST]

    states = [frozenset(), nfa.closure({start})]
    table = []
    for known in states:        # grows while it is walked
        row = []
        for code in firsts:
            target = nfa.step(known, code)
            if target not in states:
                states.append(target)
            row.append(states.index(target))
        table.append(row)
    if len(states) > 255:
        raise PatternError(f"pattern: too many states: {text}")

    # Ranges whose columns are equal share a class.
    columns = [tuple(row[i] for row in table) for i in range(len(firsts))]
    kinds = sorted(set(columns), key=columns.index)
    return Automaton(lasts, [kinds.index(c) for c in columns], len(kinds),
                     [[kinds[k][s] for k in range(len(kinds))]
                      for s in range(len(states))],
                     [end in s for s in states])
