/**
 * Regressions: seeds that failed once, and why. They are worth what the plan makes of them: who
 * changes what a seed draws should run more seeds, not fewer. What could be told in a few lines
 * has a test of its own in ../findings.
 */

export const REGRESSIONS: Readonly<Record<number, string>> = {
  332: 'a kernel had sent on a connection whose opening we had not heard of when we reset it',
  600: "the answer to a kernel's probe was lost with its connection, and never given again",
  688: 'a kernel without pongs that says nothing was kept waiting for, and so were receipts',
  2188: "a kernel's older connection was identified after its newer one, and old was new",
  2528: 'a peer was forgotten after what it sent on its first connection had been delivered',
  21719: 'a kernel resends its pong with an old number, and so loses what comes behind it',
  50273: 'a kernel made more connections during a stall than we kept waiting',
  54215: 'connections of a kernel were accepted in another order than it made them',
  56024: 'what a kernel had given up came from its TCP after its repetition, and was new again',
  101826:
    'a kernel that had heard of our restart counted from 1 on a connection taken for an old one',
  107015: 'a connection given up was not recognised, because the end of the newer one took long',
  200901: 'after a stall the second of two waiting connections was identified first',
  1000968: "a reloaded module's first words were taken for old: it had ended the connection before",
  1002264: "a forgotten peer's numbers began anew below the old ones when the clock was set back",
  1007651: 'the same as 1000968, without a stall',
  1019877: "the same, where the new life's first word has not the number 1",
  1027477:
    'a connection that let its elders go first was heard after younger ones, and what it said lost',
  1030358: 'the same as 1027477, of a kernel without pongs',
  1041877: 'a kernel was taken for one without pongs, because two connections died at once',
  1023594: 'two connections of a kernel stood side by side, and the older was heard last',
  4010941: "a connection of a kernel's former life was heard when the next one had spoken",
  7003936: 'a kernel counted from anew, and lost its connection before it had an answer',
  7015694: 'a node that stood still at first contact was replaced while it was taken for a kernel',
  7022563: 'a clock was set back: a kernel took for old what our next process had to send twice',
  10004815: "a kernel's first connection was heard behind its second, which had broken",
  11002432: 'the same as 7003936, where its answers came first',
  12011892:
    'a kernel resent one number twice, of the time before it counted from anew and of after',
  13038053: 'the checker took one message of three bytes for another',
  13044019: 'a pong that waited behind our own stall came too late for the barrier',
  31000402:
    'what one of our own dialled first was accepted last, and a probe on it made its resends new',
  90005472:
    'one of our own that never got to speak was taken for a kernel, and its silence for no pongs',
  90006593:
    'what a kernel repeated of the time before it counted from anew hid its new, lower numbers',
  90010510:
    'the same, mended too well: a number behind those of a socket that had closed was taken for old',
  90012137: 'the same as 90013199',
  90013199:
    'a number above 64 was taken for new, because it had stood for something else before a restart',
  90094630:
    "a kernel's first connection was heard behind its second, and began with what it had forgotten",
};
