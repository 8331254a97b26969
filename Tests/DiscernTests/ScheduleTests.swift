import Testing

@testable import Discern

/// Learning rates as transformers' schedules give them (LambdaLR, step counted from 0).
@Suite struct ScheduleTests {
  @Test func linearWithWarmUp() {
    let schedule = Schedule(.linear, peak: 1, warmup: 2, total: 8)
    let rates = (0...8).map(schedule.rate(step:))
    let expected = [0, 0.5, 1, 5.0 / 6, 4.0 / 6, 3.0 / 6, 2.0 / 6, 1.0 / 6, 0]
    #expect(zip(rates, expected).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func cosineFallsToZero() {
    let schedule = Schedule(.cosine, peak: 2, warmup: 0, total: 4)
    #expect(schedule.rate(step: 0) == 2 && abs(schedule.rate(step: 2) - 1) < 1e-12)
    #expect(abs(schedule.rate(step: 4)) < 1e-12)
  }

  @Test func constantStays() {
    let schedule = Schedule(.constant, peak: 3, warmup: 1, total: 5)
    #expect((0..<5).map(schedule.rate(step:)) == [0, 3, 3, 3, 3])
  }

  @Test func aShareOfTheStepsWarmsUp() {
    let schedule = Schedule(.linear, peak: 1, warmup: 0.1, total: 100)
    #expect(schedule.rate(step: 5) == 0.5 && schedule.rate(step: 10) == 1)
  }
}
