import Formats

/// A tokenizer that needs no training: a token for each byte, two marks, and names for the ids that nothing makes.
struct ByteTokenizer {
  /// Pieces by id.
  let pieces: [String]

  static let begin = 256, end = 257

  init(size: Int) {
    precondition(size > Self.end, "a vocabulary too small for all bytes")
    let bytes = (0..<256).map { String(decoding: ByteAlphabet.encode([UInt8($0)]), as: UTF8.self) }
    pieces = bytes + ["<s>", "</s>"] + (Self.end + 1..<size).map { "<unused \($0)>" }
  }

  /// The content of `tokenizer.json`.
  var json: JSON {
    var vocabulary = JSONObject()
    for (id, piece) in pieces.enumerated() { vocabulary.append(JSONString(piece), .integer(id)) }
    let marks: [JSON] = [Self.begin, Self.end].map { id in
      [
        "id": .integer(id), "content": JSON(pieces[id]), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ]
    }
    return [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(marks), "normalizer": nil,
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true],
      "post_processor": nil,
      "decoder": ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true],
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": nil,
        "end_of_word_suffix": nil, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
        "vocab": .object(vocabulary), "merges": [],
      ],
    ]
  }

  /// The content of `tokenizer_config.json`.
  var configuration: JSON {
    [
      "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": JSON(pieces[Self.begin]),
      "eos_token": JSON(pieces[Self.end]), "clean_up_tokenization_spaces": false,
    ]
  }
}
