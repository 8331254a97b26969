import Compute
import Formats
import TestSupport

@testable import Discern

/// The tiny LLaMA of the fixtures and its tokenizer.
func tinyModel() throws -> (base: BaseModel, tokenizer: Tokenizer) {
  let checkpoint = try openCheckpoint(Paths.fixture("stories260K"))
  return (try BaseModel(checkpoint, on: CPUBackend()), try checkpoint.tokenizer())
}
