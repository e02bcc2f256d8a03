//! Inputs made of others: bytes and pieces changed, doubled, cut, moved, and taken from one into another.

use domain::{hash::Sha256, worst::PIECES};

/// The longest input, bytes: what is worst at length has tests of its own.
const LONGEST: usize = 64 << 10;
/// Changes of one input, one on top of the other.
const MOST: usize = 12;
/// Numbers at the edges of what types hold.
const NUMBERS: [&str; 14] = [
    "0",
    "-0",
    "-1",
    "1e999",
    "1e-999",
    "255",
    "65536",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551616",
    "0.1",
    "NaN",
];

/// Changed inputs without end, the same for the same name.
pub struct Changes<'i> {
    honest: &'i [Vec<u8>],
    seed: [u8; 32],
    at: usize,
    round: u64,
}

impl<'i> Changes<'i> {
    pub fn of(honest: &'i [Vec<u8>], name: &str) -> Changes<'i> {
        Changes { honest, seed: Sha256::of(name.as_bytes()).0, at: 0, round: 0 }
    }

    /// A number below `below`: the hash of a counter.
    fn below(&mut self, below: usize) -> usize {
        if self.at + 4 > self.seed.len() {
            self.round += 1;
            self.seed = Sha256::of(&[self.seed.as_slice(), &self.round.to_le_bytes()].concat()).0;
            self.at = 0;
        }
        let bytes: [u8; 4] = self.seed[self.at..self.at + 4].try_into().unwrap();
        self.at += 4;
        u32::from_le_bytes(bytes) as usize % below.max(1)
    }

    /// A part of an input: mostly a short one.
    fn part(&mut self, input: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(input.len() + 1);
        let most = if self.below(4) == 0 { input.len() } else { 16 };
        start..(start + self.below(most + 1)).min(input.len())
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let part = self.part(input);
        match self.below(9) {
            0 => drop(input.drain(part)),
            1 => {
                let doubled = input[part.clone()].to_vec();
                let most = if self.below(8) == 0 { 500 } else { 4 };
                let times = 1 + self.below(most);
                input.splice(part.start..part.start, doubled.repeat(times));
            }
            2 => {
                let piece = PIECES[self.below(PIECES.len())].as_bytes().to_vec();
                input.splice(part, piece);
            }
            3 => {
                let number = NUMBERS[self.below(NUMBERS.len())].bytes();
                // In the place of a number, where one stands near.
                let digit = input[part.start..].iter().position(u8::is_ascii_digit).map(|at| part.start + at);
                let start = digit.unwrap_or(part.start);
                let end = start + input[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                input.splice(start..end, number);
            }
            4 => {
                let other = self.honest[self.below(self.honest.len())].clone();
                let taken = self.part(&other);
                input.splice(part, other[taken].iter().copied());
            }
            5 => input.truncate(part.start),
            6 => {
                let moved: Vec<u8> = input.drain(part).collect();
                let to = self.below(input.len() + 1);
                input.splice(to..to, moved);
            }
            7 => {
                for at in part {
                    input[at] ^= 1 << self.below(8);
                }
            }
            _ => {
                let byte = self.below(256) as u8;
                input.insert(part.start, byte);
            }
        }
        input.truncate(LONGEST);
    }
}

impl Iterator for Changes<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut input = self.honest[self.below(self.honest.len())].clone();
        for _ in 0..=self.below(MOST) {
            self.change(&mut input);
        }
        Some(input)
    }
}
