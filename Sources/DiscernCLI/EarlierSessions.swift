import ArgumentParser
import Compute
import Discern

/// What the sessions of a run so far say of how it goes on.
struct EarlierSessions {
  private let sessions: [RunSession]
  /// How the run wrote checkpoints, and how many threads it took, as far as a session was told; the last word counts.
  private(set) var checkpoints: CheckpointOptions?
  private(set) var threads: ThreadOptions?

  init(_ sessions: [RunSession]) {
    self.sessions = sessions
    // What another version's session was told may be nothing that this one understands.
    for command in sessions.compactMap({ try? TrainCommand.parse(Array($0.command.dropFirst(2))) }) {
      checkpoints = command.checkpoints.completed(by: checkpoints)
      threads = command.threads.completed(by: threads)
    }
  }

  /// What makes the run end otherwise than an undisturbed one, perhaps.
  var warnings: [String] {
    // A session that took no step has left no trace in the adapter.
    let trained = sessions.filter { ($0.lastStep ?? .max) > $0.firstStep }
    func warning(_ what: String, _ values: [String], _ own: String) -> String? {
      let earlier = values.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
      guard earlier.contains(where: { $0 != own }) else { return nil }
      return "it began with \(what) \(earlier.joined(separator: ", then ")) and goes on with \(own): the adapter may "
        + "differ in its last bits from that of an undisturbed run"
    }
    return [
      warning("the instruction set", trained.map(\.instructionSet), InstructionSet.current.rawValue),
      warning("version", trained.map(\.version), DiscernVersion.current),
    ].compactMap { $0 }
  }
}
