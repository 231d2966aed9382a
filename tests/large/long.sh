# SPDX-License-Identifier: BSD-2-Clause
# long.sh PROGRAM OBJECT: as much of it as fits is on the card, and the pair behaves.
. "$(dirname "$0")/../cli/lib.sh"
object=$2

expect 0 "long_program (xdp): split" "$tool" compile -o "$work" "$object"
words=$(sed -n 's/.*-> \([0-9]*\) instruction words/\1/p' "$work/out")
[ "${words:-0}" -gt 1200 ] || fail "$words words: half of the code store is left empty"
[ "${words:-0}" -le 2560 ] || fail "$words words: more than the card takes"
expect 0 ": equal" "$tool" test --packets 500 "$object"
expect 0 "accepted" "$tool" check "$work/long_program.host.o"
expect 1 "long_program (xdp): host" "$tool" compile --require-device -o "$work" "$object"
finish
