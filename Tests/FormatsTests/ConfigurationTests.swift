import Foundation
import Testing

@testable import Formats

@Suite struct ConfigurationTests {
  /// A sound llama config; members replace, "-" removes.
  static func config(_ changes: [String: String] = [:]) -> String {
    var members = [
      "model_type": #""llama""#, "hidden_size": "64", "intermediate_size": "176",
      "num_hidden_layers": "3", "num_attention_heads": "4", "num_key_value_heads": "2",
      "vocab_size": "512", "rms_norm_eps": "1e-05", "hidden_act": #""silu""#,
      "max_position_embeddings": "256", "rope_theta": "10000.0",
    ]
    for (key, value) in changes { members[key] = value == "-" ? nil : value }
    return "{"
      + members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
      .joined(separator: ",") + "}"
  }

  static func parse(_ changes: [String: String] = [:]) throws -> ModelConfiguration {
    try ModelConfiguration(
      config: JSON(parsing: config(changes), name: "config.json"), name: "config.json")
  }

  @Test func readsTheSpellingOfTransformers4() throws {
    let model = try Self.parse([
      "torch_dtype": #""float16""#, "eos_token_id": "[2,3]", "bos_token_id": "1",
      "pad_token_id": "-1", "rope_theta": "500000",
      "rope_scaling":
        #"{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":64}"#,
    ])
    #expect(model.family == .llama && model.width == 64 && model.hiddenWidth == 176)
    #expect(model.layers == 3 && model.heads == 4 && model.keyValueHeads == 2)
    #expect(model.headSize == 16 && model.headsPerKeyValueHead == 2)
    #expect(model.vocabularySize == 512 && model.normEpsilon == 1e-5)
    #expect(model.ropeTheta == 500_000 && model.maximumPositions == 256)
    #expect(
      model.ropeScaling
        == .llama3(factor: 8, lowFrequency: 1, highFrequency: 4, originalLength: 64))
    #expect(model.beginToken == 1 && model.endTokens == [2, 3] && model.paddingToken == nil)
    #expect(model.storedDataType == "float16" && model.isCausal && !model.tiedEmbeddings)
    #expect(!model.attentionBias && !model.outputBias && !model.pairedRotation)
    #expect(model.windows == [nil, nil, nil] && model.slidingWindow == nil)
  }

  @Test func readsTheSpellingOfTransformers5() throws {
    let model = try Self.parse([
      "rope_theta": "-", "dtype": #""bfloat16""#, "is_causal": "false",
      "rope_parameters": #"{"rope_theta":7,"rope_type":"linear","factor":2}"#,
      "rope_scaling": "null", "id2label": #"{"1":"b","0":"a"}"#, "attention_bias": "true",
    ])
    #expect(model.ropeTheta == 7 && model.ropeScaling == .linear(factor: 2))
    #expect(model.storedDataType == "bfloat16" && !model.isCausal && model.labels == ["a", "b"])
    #expect(model.attentionBias && model.outputBias)
  }

  @Test func absentMembersTakeTheDefaultsOfTheFamily() throws {
    let llama = try Self.parse(["num_key_value_heads": "-", "rms_norm_eps": "-", "rope_theta": "-"])
    #expect(llama.keyValueHeads == 4 && llama.normEpsilon == 1e-6 && llama.ropeTheta == 10_000)
    let null = try Self.parse(["model_type": #""mistral""#, "num_key_value_heads": "null"])
    #expect(null.keyValueHeads == 4 && null.windows == [4096, 4096, 4096])
    let qwen3 = try Self.parse(["model_type": #""qwen3""#])
    #expect(qwen3.headSize == 128 && qwen3.queryKeyNorm && !qwen3.attentionBias)
    let qwen2 = try Self.parse(["model_type": #""qwen2""#])
    #expect(qwen2.headSize == 16 && qwen2.attentionBias && !qwen2.outputBias)
  }

  @Test func windowsHoldWhereTheFamilyUsesThem() throws {
    let mistral = #""mistral""#
    let qwen = #""qwen2""#
    func windows(_ changes: [String: String]) throws -> [Int?] { try Self.parse(changes).windows }
    #expect(try windows(["sliding_window": "8"]) == [nil, nil, nil])
    #expect(try windows(["model_type": mistral, "sliding_window": "8"]) == [8, 8, 8])
    #expect(try windows(["model_type": mistral, "sliding_window": "null"]) == [nil, nil, nil])
    #expect(try windows(["model_type": qwen, "sliding_window": "8"]) == [nil, nil, nil])
    let used = ["model_type": qwen, "sliding_window": "8", "use_sliding_window": "true"]
    #expect(try windows(used) == [nil, nil, nil])
    #expect(
      try windows(used.merging(["max_window_layers": "2"]) { $1 }) == [nil, nil, 8])
    let types = #"["sliding_attention","full_attention","sliding_attention"]"#
    #expect(try windows(used.merging(["layer_types": types]) { $1 }) == [8, nil, 8])
  }

  // MARK: Hostile files

  static let hostile: [(String, [String: String])] = [
    ("\"gemma\"; expected one of llama, mistral, qwen2, qwen3", ["model_type": #""gemma""#]),
    ("model_type: found nothing", ["model_type": "-"]),
    ("hidden_size: found nothing", ["hidden_size": "-"]),
    ("hidden_size", ["hidden_size": "0"]),
    ("hidden_size", ["hidden_size": "-64"]),
    ("hidden_size", ["hidden_size": "64.5"]),
    ("hidden_size", ["hidden_size": "\"64\""]),
    ("hidden_size", ["hidden_size": "9223372036854775807"]),
    ("hidden_size", ["hidden_size": "1e300"]),
    ("hidden_size of 66", ["hidden_size": "66"]),
    ("intermediate_size", ["intermediate_size": "99999999999"]),
    ("num_hidden_layers", ["num_hidden_layers": "1000000000"]),
    ("num_attention_heads", ["num_attention_heads": "0"]),
    ("4 heads over 3", ["num_key_value_heads": "3"]),
    ("num_key_value_heads", ["num_key_value_heads": "[2]"]),
    ("head size of 15", ["head_dim": "15"]),
    ("heads of 1048576", ["head_dim": "1048576"]),
    ("vocab_size", ["vocab_size": "1e15"]),
    ("rms_norm_eps", ["rms_norm_eps": "-1"]),
    ("rope_theta", ["rope_theta": "0"]),
    ("rope_theta", ["rope_theta": "\"1\""]),
    ("\"yarn\"", ["rope_scaling": #"{"type":"yarn","factor":2}"#]),
    ("\"dynamic\"", ["rope_scaling": #"{"rope_type":"dynamic","factor":2}"#]),
    ("without a rope_type", ["rope_scaling": #"{"factor":2}"#]),
    ("factor: found nothing", ["rope_scaling": #"{"type":"linear"}"#]),
    ("factor", ["rope_scaling": #"{"type":"linear","factor":0.5}"#]),
    ("rope_scaling", ["rope_scaling": "[1]"]),
    (
      "high_freq_factor",
      [
        "rope_scaling":
          #"{"type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4}"#
      ]
    ),
    (
      "that differ",
      [
        "rope_scaling": #"{"type":"linear","factor":2}"#,
        "rope_parameters": #"{"rope_type":"default","rope_theta":10000}"#,
      ]
    ),
    ("partial_rotary_factor", ["partial_rotary_factor": "0.5"]),
    ("\"gelu\"", ["hidden_act": #""gelu""#]),
    ("mlp_bias", ["mlp_bias": "true"]),
    ("\"gptq\"", ["quantization_config": #"{"quant_method":"gptq"}"#]),
    ("tie_word_embeddings", ["tie_word_embeddings": "1"]),
    ("512 as the end token", ["eos_token_id": "512"]),
    ("eos_token_id", ["eos_token_id": "[-2]"]),
    ("bos_token_id", ["bos_token_id": "\"<s>\""]),
    ("ids 0 to 1", ["id2label": #"{"0":"a","2":"b"}"#]),
    ("ids 0 to 1", ["id2label": #"{"0":"a","00":"b"}"#]),
    ("id2label", ["id2label": #"{"0":1}"#]),
    ("sliding_window", ["model_type": #""mistral""#, "sliding_window": "0"]),
    ("layer_types", ["model_type": #""mistral""#, "layer_types": #"["full_attention"]"#]),
    (
      "\"chunked_attention\"",
      [
        "model_type": #""mistral""#,
        "layer_types": #"["chunked_attention","full_attention","full_attention"]"#,
      ]
    ),
    (
      "without a window",
      [
        "model_type": #""qwen3""#,
        "layer_types": #"["sliding_attention","full_attention","full_attention"]"#,
      ]
    ),
  ]

  @Test(arguments: hostile.indices) func refusesHostileValues(_ index: Int) {
    let (part, changes) = Self.hostile[index]
    CheckpointFixtures.refuses(part) { _ = try Self.parse(changes) }
  }

  @Test func anythingInAnyMemberNeverTraps() throws {
    let keys = [
      "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size",
      "num_key_value_heads", "head_dim", "rope_theta", "rope_scaling", "rope_parameters",
      "sliding_window", "max_window_layers", "layer_types", "eos_token_id", "id2label",
      "max_position_embeddings", "rms_norm_eps",
    ]
    let values = [
      "null", "true", "-1", "0", "1", "2", "9223372036854775807", "-9223372036854775808", "1e308",
      "1e-308", "0.5", "\"\"", "[]", "{}", "[null]", "{\"\":null}", "1048576", "16384", "4096",
    ]
    for family in ModelFamily.allCases {
      for key in keys {
        for value in values {
          for window in ["8", "-"] {
            let base = [
              "model_type": "\"\(family.rawValue)\"", "use_sliding_window": "true",
              "sliding_window": window,
            ]
            _ = try? Self.parse(base.merging([key: value]) { $1 })
          }
        }
      }
    }
    CheckpointFixtures.refuses("array") {
      _ = try ModelConfiguration(config: [1], name: "config.json")
    }
  }

  @Test func rowsOfPairedHeadsAreUnpermuted() {
    // llama.cpp stores w.reshape(heads, 2, half).swapaxes(1, 2): 0 2 1 3 for one head of 4.
    #expect(unpermutedRows(heads: 2, headSize: 4) == [0, 2, 1, 3, 4, 6, 5, 7])
    #expect(unpermutedRows(heads: 1, headSize: 6) == [0, 2, 4, 1, 3, 5])
    let rows = unpermutedRows(heads: 3, headSize: 8)
    for head in 0..<3 {
      for part in 0..<2 {
        for index in 0..<4 {
          #expect(rows[head * 8 + part * 4 + index] == head * 8 + 2 * index + part)
        }
      }
    }
  }
}
