import Formats
import Testing

@testable import Discern

/// Where a run stands, written and read.
@Suite struct TrainingStateTests {
  @Test(arguments: [0.5, -3, -Double.infinity])
  func comesBack(value: Double) throws {
    var state = TrainingState()
    (state.step, state.lossSum) = (7, 1.25)
    state.best = TrainingState.Best(value: value, step: 6)
    let json = try JSON(parsing: state.json.serialized(), name: "state.json")
    #expect(try TrainingState(json: json, place: "state.json") == state)
  }
}
