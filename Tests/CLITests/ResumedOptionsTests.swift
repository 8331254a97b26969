import Compute
import Formats
import Foundation
import Testing

/// A run that goes on keeps what its earlier sessions were told, and what they were is not forgotten.
@Suite struct ResumedOptionsTests {
  private static let kind = ResumeTests.sequence

  @Test func checkpointsAndThreadsAreAsTheRunBegan() throws {
    let out = "\(Runs.folder)/options-kept"
    let options = ["--checkpoints", "5", "--checkpoint-every", "1", "--threads", "1"]
    try Life.killed(Self.kind.arguments(out, options), run: out, atStep: 8)
    #expect(Life.checkpoints(of: out).count >= 5)
    let again = try Life(["train", "--resume", out], run: out)
    let step = Life.step(of: out)
    again.wait(forStep: step + 2)
    again.signal(SIGKILL)
    #expect(again.end().code == 128 + SIGKILL)
    #expect(Life.checkpoints(of: out).count >= 5)
    let sessions = try JSON(contentsOf: out + "/run.json", limit: 1 << 20)["sessions"]?.array
    #expect(sessions?.map { $0["threads"]?.int } == [1, 1])
    // What is said anew holds, and from then on.
    let fewer = try Life(["train", "--resume", out, "--checkpoints", "1", "--threads", "2"], run: out)
    fewer.wait { Life.checkpoints(of: out).count <= 2 }
    fewer.signal(SIGKILL)
    #expect(fewer.end().code == 128 + SIGKILL)
    #expect(try Command.run(Life.resuming(out)).code == 0)
    let last = try JSON(contentsOf: out + "/run.json", limit: 1 << 20)["sessions"]?.array?.last
    #expect(last?["threads"]?.int == 2)
    #expect(try RunContent.adapter(out) == RunContent.adapter(Self.kind.reference()))
  }

  @Test func whatIsMixedIsToldAndCompared() throws {
    let out = "\(Runs.folder)/options-mixed"
    try Life.killed(Self.kind.arguments(out, ["--checkpoint-every", "1"]), run: out, atStep: 8)
    func edit(_ index: Int, _ name: String, _ value: String) throws {
      try RunContent.edit(out + "/run.json") { manifest in
        var sessions = manifest["sessions"]?.array ?? []
        var session = try #require(sessions[index].object)
        session[JSONString(name)] = JSON(value)
        sessions[index] = .object(session)
        manifest["sessions"] = .array(sessions)
      }
    }
    try edit(0, "version", "0.0.1")
    let again = try Life(["train", "--resume", out], run: out)
    again.wait(forStep: Life.step(of: out) + 2)
    again.signal(SIGKILL)
    #expect(again.end().errors.contains("it began with version 0.0.1 and goes on with"))
    // The first session alone would tell nothing of this.
    try edit(1, "instruction_set", "sse9")
    let result = try Command.run(Life.resuming(out))
    let own = InstructionSet.current.rawValue
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.contains("the instruction set \(own), then sse9 and goes on with \(own)"), "\(result.errors)")
    let compared = try Command.run(["compare", out, try Self.kind.reference(), "--data", Runs.sequenceData])
    #expect(compared.output.contains("\(own), sse9"), "\(compared.output)")
    #expect(compared.output.contains("0.0.1, "), "\(compared.output)")
  }
}
