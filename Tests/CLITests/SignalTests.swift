import Formats
import Foundation
import Testing

/// What ends a run from outside, and what does not.
@Suite struct SignalTests {
  private func arguments(_ out: String, _ more: [String] = []) -> [String] {
    [
      "train", "--model", Runs.model, "--data", Runs.sequenceData, "--out", out, "--rank", "4", "--seed", "11",
      "--batch-size", "2",
    ] + more
  }

  private func outcome(_ run: String) throws -> String? {
    try JSON(contentsOf: run + "/run.json", limit: 1 << 20)["outcome"]?.string
  }

  private func wait(_ life: Life, for isThere: () -> Bool) {
    while life.isRunning && !isThere() { usleep(1000) }
  }

  /// Texts enough for work of a second or more.
  private static let many = Runs.file(
    "many-texts.jsonl",
    (0..<3000).map { "{\"text\": \"\(Runs.texts[$0 % 12].text) \($0)\", \"label\": \"\($0 % 2)\"}\n" }.joined())

  /// A terminal that goes away sends its signal more than once, and systemd sends it before SIGTERM or after.
  @Test(arguments: [[SIGHUP, SIGHUP], [SIGTERM, SIGHUP], [SIGHUP, SIGTERM]])
  func hangingUpTwiceIsNoHurry(signals: [Int32]) throws {
    let out = "\(Runs.folder)/hang-up-\(signals[0])-\(signals[1])"
    let life = try Life(
      ["train", "--model", Runs.model, "--data", Self.many, "--out", out, "--batch-size", "1500"], run: out,
      by: Life.hearingHangUps)
    // The first of two steps is done, the second takes long enough for both signals.
    wait(life) { FileManager.default.fileExists(atPath: out + "/metrics.jsonl") }
    for signal in signals {
      life.signal(signal)
      usleep(100_000)
    }
    let (code, errors) = life.end()
    // A SIGTERM behind may come when the run has ended for the SIGHUP.
    let codes = signals == [SIGHUP, SIGTERM] ? signals.map { 128 + $0 } : [128 + signals[0]]
    #expect(codes.contains(code), "\(errors)")
    #expect(Life.step(of: out) > 0, "the step was waited for: \(errors)")
    #expect(try outcome(out) == "stopped")
  }

  @Test func whatNohupIgnoresStaysIgnored() throws {
    let out = "\(Runs.folder)/nohup"
    let life = try Life(
      arguments(out, ["--epochs", "8"]), run: out, by: ["/bin/bash", "-c", "trap '' HUP; exec \"$0\" \"$@\""])
    wait(life) { FileManager.default.fileExists(atPath: out + "/metrics.jsonl") }
    life.signal(SIGHUP)
    let (code, errors) = life.end()
    #expect(code == 0, "\(errors)")
    #expect(try outcome(out) == "finished")
  }

  @Test func aDeadReaderEndsNoRun() throws {
    let out = "\(Runs.folder)/dead-reader"
    let command = "\"$discern\" " + arguments(out, ["--epochs", "20"]).map { "'\($0)'" }.joined(separator: " ")
    let result = try Command.shell("\(command) 2> >(head -c 1 > /dev/null)")
    #expect(result.code == 0, "\(result.code)")
    #expect(result.output.contains("the last adapter"))
    #expect(try outcome(out) == "finished")
    // Where the result finds no reader either, that is said by the exit code; the run is whole.
    let both = try Command.shell("\(command) --overwrite 2>&1 | head -c 1 > /dev/null; exit ${PIPESTATUS[0]}")
    #expect(both.code == 74)
    #expect(try outcome(out) == "finished")
  }

  @Test func aReportThatCannotBeWrittenDoesNotHideTheStop() throws {
    let out = "\(Runs.folder)/no-report"
    let life = try Life(arguments(out, ["--epochs", "1000", "--quiet", "--checkpoint-every", "1"]), run: out)
    life.wait(forStep: 2)
    try FileManager.default.createDirectory(atPath: out + "/report.html", withIntermediateDirectories: false)
    life.signal(SIGTERM)
    let (code, errors) = life.end()
    #expect(code == 143, "\(errors)")
    #expect(try outcome(out) == "stopped")
  }

  @Test func theTestPartNeedNotBeMeasured() throws {
    let out = "\(Runs.folder)/test-part"
    let life = try Life(
      [
        "train", "--model", Runs.model, "--data", Self.many, "--out", out, "--split", "1/1/98", "--epochs", "1",
        "--quiet", "--calibration", "none",
      ], run: out)
    wait(life) { (try? outcome(out)) == "finished" }
    life.signal(SIGTERM)
    let (code, errors) = life.end()
    #expect(code == 143, "\(errors)")
    #expect(errors.contains("the run has finished"), "\(errors)")
    #expect(try Command.run(["predict", out, "A boat."]).code == 0)
  }

  /// The log is written in pieces where the system takes no more at once, and never left torn.
  @Test(.disabled(if: Command.isSanitized, "a sanitizer is no good under ulimit"))
  func aLogThatFindsNoRoomIsNamedAndWhole() throws {
    let out = "\(Runs.folder)/short-log"
    let options = ["--dev", Runs.sequenceData, "--epochs", "2000", "--evaluate-every", "1", "--quiet"]
    let command = "exec \"$discern\" " + arguments(out, options).map { "'\($0)'" }.joined(separator: " ")
    // Kilobytes: more than any other file of the run has.
    let result = try Command.shell("trap '' XFSZ; ulimit -f 150; \(command) --checkpoints 0")
    #expect(result.code == 74, "\(result.code) \(result.errors)")
    #expect(result.errors.contains("metrics.jsonl") && result.errors.contains("too large"), "\(result.errors)")
    let log = try Data(contentsOf: URL(filePath: out + "/metrics.jsonl"))
    #expect(log.count > 100 << 10 && log.last == UInt8(ascii: "\n"))
    #expect(try Command.run(["report", out, "--quiet"]).code == 0)
  }

  @Test func aTornLastLineOfTheLogIsLeftOut() throws {
    let out = "\(Runs.folder)/torn-log"
    try FileManager.default.copyItem(atPath: Runs.classifier, toPath: out)
    let page = out + "/report.html"
    #expect(try Command.run(["report", out, "--quiet"]).code == 0)
    let whole = try String(contentsOfFile: page, encoding: .utf8)
    let log = try #require(FileHandle(forWritingAtPath: out + "/metrics.jsonl"))
    log.seekToEndOfFile()
    // Cut within a character.
    log.write(Data("{\"step\": 99, \"h\u{F6}he".utf8.dropLast(3)))
    try log.close()
    let result = try Command.run(["report", out, "--quiet"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(try String(contentsOfFile: page, encoding: .utf8) == whole)
    // A line that was written whole and is damaged is still named.
    try Data("{\"step\": \n".utf8).write(to: URL(filePath: out + "/metrics.jsonl"))
    let damaged = try Command.run(["report", out, "--quiet"])
    #expect(damaged.code == 65 && damaged.errors.contains("metrics.jsonl"), "\(damaged.errors)")
  }
}
