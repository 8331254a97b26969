import Formats
import Foundation
import Testing

/// Merged models.
@Suite struct MergeTests {
  private func merge(_ run: String, _ name: String, _ arguments: [String] = []) throws
    -> (out: String, result: Command.Result)
  {
    let out = "\(Runs.folder)/\(name)"
    return (out, try Command.run(["merge", run, "--out", out] + arguments))
  }

  @Test func stockFolderOfAClassifier() throws {
    let (out, result) = try merge(Runs.causal, "merged-causal")
    #expect(result.code == 0)
    #expect(result.errors.isEmpty)
    let config = try JSON(contentsOf: out + "/config.json", limit: 1 << 20)
    #expect(config["architectures"] == ["LlamaForSequenceClassification"])
    #expect(config["id2label"] == ["0": "hills", "1": "sea"])
    #expect(config["label2id"] == ["hills": 0, "sea": 1])
    #expect(config["is_causal"] == nil)
    #expect(config["rope_parameters"]?["rope_theta"]?.double == 10_000)
    #expect(config["tie_word_embeddings"] == false)
    let weights = try Safetensors(out + "/model.safetensors")
    #expect(weights.names.contains("score.weight") && !weights.names.contains("score.bias"))
    #expect(try weights.tensor("score.weight").shape == [2, 64])
    #expect(FileManager.default.fileExists(atPath: out + "/tokenizer.json"))
    #expect(!FileManager.default.fileExists(atPath: out + ".partial"))
    // Ours reads it as a model of its own.
    #expect(try openCheckpoint(out).configuration.labels == ["hills", "sea"])
  }

  @Test func mergedWeightsAreBasePlusProduct() throws {
    let (out, _) = try merge(Runs.causal, "merged-weights")
    let name = "model.layers.3.mlp.down_proj"
    let base = try floats(Safetensors(Runs.model + "/model.safetensors").tensor(name + ".weight"))
    let merged = try floats(Safetensors(out + "/model.safetensors").tensor(name + ".weight"))
    let adapter = try Safetensors(Runs.causal + "/adapter_model.safetensors")
    let a = try adapter.tensor("base_model.model.\(name).lora_A.weight")
    let b = try adapter.tensor("base_model.model.\(name).lora_B.weight")
    let (left, right) = (floats(b), floats(a))
    let (rank, columns) = (a.shape[0], a.shape[1])
    var changed = 0
    for index in merged.indices {
      let (row, column) = (index / columns, index % columns)
      let product = (0..<rank).reduce(0.0) {
        $0 + Double(left[row * rank + $1]) * Double(right[$1 * columns + column])
      }
      let expected = Double(base[index]) + 32.0 / 4.0 * product
      #expect(abs(Double(merged[index]) - expected) < 1e-6)
      if merged[index] != base[index] { changed += 1 }
    }
    #expect(changed > merged.count / 2)
  }

  @Test func halfPrecisionIsSmallerAndSaid() throws {
    let (out, result) = try merge(Runs.tagger, "merged-half", ["--format", "bf16"])
    #expect(result.code == 0)
    #expect(result.errors.contains("bfloat16"))
    #expect(result.errors.contains("is_causal"))
    let config = try JSON(contentsOf: out + "/config.json", limit: 1 << 20)
    #expect(config["architectures"] == ["LlamaForTokenClassification"])
    #expect(config["is_causal"] == false)
    #expect(config["dtype"]?.string == "bfloat16")
    let weights = try Safetensors(out + "/model.safetensors")
    #expect(try weights.tensor("score.bias").format == .bf16)
    #expect(try weights.tensor("score.bias").shape == [5])
  }

  @Test func whatTransformersCannotSayIsSaid() throws {
    let (_, result) = try merge(Runs.classifier, "merged-mean")
    #expect(result.code == 0)
    #expect(result.errors.contains("pooling is mean"))
    #expect(result.errors.contains("model.score(hidden.mean(1))"))
  }

  @Test(.disabled(if: Command.isSanitized, "a sanitizer is no good under ulimit"))
  func aFailedMergeLeavesNothing() throws {
    let out = "\(Runs.folder)/merged-large"
    let result = try Command.shell(
      "trap '' XFSZ; ulimit -f 200; exec \"$discern\" merge '\(Runs.causal)' --out '\(out)'")
    #expect(result.code == 74)
    #expect(!FileManager.default.fileExists(atPath: out))
    #expect(!FileManager.default.fileExists(atPath: out + ".partial"))
  }

  private func floats(_ tensor: StoredTensor) -> [Float] {
    tensor.withBytes { Array($0.bindMemory(to: Float.self)) }
  }
}
