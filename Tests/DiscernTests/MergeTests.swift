import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// What of merging the command's tests cannot see.
@Suite struct MergeTests {
  @Test func shardsHoldTheSameTensorsAsOneFile() throws {
    let checkpoint = try openCheckpoint(Paths.fixture("stories260K"))
    let base = try BaseModel(checkpoint, on: CPUBackend())
    let adapter = try Adapter(
      Recipe(), labels: ["a", "b"], for: base.configuration, on: base.backend)
    let classifier = try Classifier(base, adapter, tokenizer: checkpoint.tokenizer())
    let folder = try TemporaryFolder()
    let whole = try Merge(classifier).write(to: folder.path + "/whole")
    let parts = try Merge(classifier, shardBytes: 300_000).write(to: folder.path + "/parts/")
    #expect(whole.shards == 1 && parts.shards > 2)
    #expect(whole.tensors == parts.tensors)
    let one = try openCheckpoint(folder.path + "/whole")
    let many = try openCheckpoint(folder.path + "/parts")
    #expect(Set(one.names) == Set(many.names))
    for name in one.names {
      let (a, b) = (try one.tensor(name), try many.tensor(name))
      #expect(a.shape == b.shape)
      #expect(a.withBytes { Array($0) } == b.withBytes { Array($0) }, "\(name)")
    }
  }

  @Test func rotaryDivisorsOfGGUFGetTheirName() throws {
    var configuration = try openCheckpoint(Paths.fixture("stories260K")).configuration
    configuration.headSize = 64
    configuration.ropeTheta = 500_000
    let plain = configuration.inverseFrequencies
    let scaling = RopeScaling.llama3(
      factor: 32, lowFrequency: 1, highFrequency: 4, originalLength: 8192)
    configuration.ropeScaling = scaling
    var divisors = zip(plain, configuration.inverseFrequencies).map { $0 / $1 }
    #expect(configuration.namedScaling(divisors) == scaling)
    divisors[3] = 5
    #expect(configuration.namedScaling(divisors) == nil)
  }

  @Test func aStoppedMergeLeavesNothing() throws {
    let checkpoint = try openCheckpoint(Paths.fixture("stories260K"))
    let base = try BaseModel(checkpoint, on: CPUBackend())
    let adapter = try Adapter(
      Recipe(), labels: ["a", "b"], for: base.configuration, on: base.backend)
    let classifier = try Classifier(base, adapter, tokenizer: checkpoint.tokenizer())
    let folder = try TemporaryFolder()
    #expect(throws: CancellationError.self) {
      try Merge(classifier).write(to: folder.path + "/model", shouldStop: { true })
    }
    #expect(!FileSystem.exists(folder.path + "/model"))
    #expect(!FileSystem.exists(folder.path + "/model.partial"))
  }
}
