import Foundation
import Testing

/// Inputs that are no files, or no texts: an error that says so, soon, and no memory taken.
@Suite struct HostileInputTests {
  /// Runs a line of shell with 2 GB of address space and 20 seconds; `$model`, `$run` and `$t` (a folder) are set.
  private func shell(_ line: String) throws -> Command.Result {
    try Command.shell(
      """
      model='\(Runs.model)' run='\(Runs.classifier)' t=$(mktemp -d)
      trap 'rm -rf "$t"' EXIT
      # Sanitizers reserve terabytes of addresses.
      [[ -n ${ASAN_OPTIONS:-}${TSAN_OPTIONS:-} ]] || ulimit -v 2000000
      discern() { timeout 20 "$discern" "$@"; }
      train() { discern train --model "$model" --out "$t/run" --data "$@"; }
      \(line)
      """)
  }

  @Test(arguments: [
    ("mkfifo $t/x.gguf; discern inspect $t/x.gguf", 66, "a device, pipe or socket"),
    ("mkfifo $t/r.yaml; train x.jsonl --recipe $t/r.yaml", 66, "a device, pipe or socket"),
    ("discern inspect /dev/zero --model $model", 65, "extension"),
    ("train /dev/zero --format csv", 65, "a line longer than 16777216 bytes"),
    ("discern predict $run --data /dev/zero --format lines", 65, "a line longer than"),
    ("discern predict $run - < /dev/zero", 65, "a line longer than"),
    ("ln -s x.jsonl $t/x.jsonl; train $t/x.jsonl", 66, "no such file or folder"),
    ("ln -s m $t/m; discern inspect $t/m", 66, "no such file or folder"),
    ("mkdir $t/x.csv; train $t/x.csv", 66, "directory"),
    ("discern predict $run --data $t --format lines", 66, "directory"),
  ])
  func whatIsNoFile(line: String, code: Int32, message: String) throws {
    let result = try shell(line)
    #expect(result.code == code, "\(result.errors)")
    #expect(result.errors.contains(message), "\(result.errors)")
  }

  /// A pipe is a file as good as any: shells make them of `<(…)`.
  @Test func pipesAreRead() throws {
    let result = try shell("discern predict $run --data <(echo 'The tide took the sand.') --format lines")
    #expect(result.code == 0, "\(result.errors)")
  }

  @Test(arguments: [
    (#"printf '\xef\xbb\xbftext,label\na,x\nb,y,z\n'"#, "csv", ":3: found 3 fields"),
    (#"printf 'text,label\ra,x\rb,y\r'"#, "csv", "carriage return"),
    (#"printf 'text,label\na,"x\nb,y\n'"#, "csv", ":2: found a quote that is never closed"),
    (#"printf '\xff\xfet\0e\0'"#, "csv", "UTF-16"),
    (#"printf '{"text": "a", "label": 1e999}\n'"#, "jsonl", "64-bit floating point"),
    (#"printf '{"text": "a", "label": NaN}\n'"#, "jsonl", "expected a JSON value"),
    (#"printf '{"text": "a", "label": 1.5}\n'"#, "jsonl", "found the number 1.5"),
    (#"printf '{"text": "\\ud800", "label": "a"}\n'"#, "jsonl", "half of a surrogate pair"),
    (#"printf '{"text": "a", "label": "\\u0000"}\n{"text": "b"}'"#, "jsonl", ":2"),
    (#"head -c 100000000 /dev/zero | tr '\0' a"#, "jsonl", "a line longer than 16777216 bytes"),
    (#"head -c 8000000 /dev/zero | tr '\0' '['"#, "jsonl", "array"),
    (#"printf '{"a": '; head -c 8000000 /dev/zero | tr '\0' '['"#, "jsonl", "at most 128 deep"),
    (#"head -c 1000000 /dev/zero | tr '\0' ','"#, "csv", "more than 65536 fields"),
    ("true", "jsonl", "no rows"),
    ("true", "csv", "no rows"),
    (#"printf '\n\n \n'"#, "jsonl", "no rows"),
  ])
  func whatIsNoText(bytes: String, suffix: String, message: String) throws {
    let result = try shell("{ \(bytes); } > $t/x.\(suffix); train $t/x.\(suffix)")
    #expect(result.code == 65, "\(result.errors)")
    #expect(result.errors.contains(message), "\(result.errors)")
    #expect(result.errors.utf8.count < 1000)
  }

  /// What a terminal would act upon never comes through from a file.
  @Test func escapesOfTerminalsAreShown() throws {
    let result = try shell(
      #"printf '{"text": "a", "label": " \\u001b[2J"}\n' > $t/x.jsonl; train $t/x.jsonl"#)
    #expect(result.code == 65)
    #expect(result.errors.contains("\\u{1b}[2J") && !result.errors.contains("\u{1B}[2J"))
  }
}
