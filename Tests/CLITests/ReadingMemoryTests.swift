import Testing

/// Reading data takes at most four times its size and 64 MB, however short the rows are.
@Suite struct ReadingMemoryTests {
  @Test(
    .disabled(if: Command.isSanitized, "a sanitizer is no good under ulimit"),
    arguments: [
      ("csv", "echo text,label; yes a,b"), ("txt", "yes a"), ("conll", "yes $'a B-X\\nb O\\n'"),
      ("jsonl", "yes '{\"text\":\"a\",\"label\":\"b\"}'"),
      ("jsonl", "echo '['; yes '{\"text\":\"\",\"label\":\"b\"},'"),
    ])
  func shortRows(suffix: String, rows: String) throws {
    let result = try Command.shell(
      """
      set -e
      file=$(mktemp --suffix .\(suffix)); trap 'rm -f "$file"' EXIT
      { \(rows); } 2> /dev/null | head -c 8000000 | sed '$d' > "$file"
      \(rows.contains("[") ? #"echo '{"text":"","label":"b"}]' >> "$file""# : "")
      ulimit -d $((4 * $(stat -c %s "$file") / 1024 + 65536)); export SWIFT_BACKTRACE=enable=no
      "$discern" inspect "$file" \(suffix == "conll" ? "--task tokens" : "")
      """)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("rows"), "\(result.output)")
  }
}
