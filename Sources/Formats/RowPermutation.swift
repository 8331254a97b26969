/// The stored row for each row in Hugging Face's order, for query and key weights of GGUF files with paired rotation.
///
/// llama.cpp rotates neighbouring values (2i, 2i + 1) of a head where Hugging Face rotates the values (i, i + half),
/// so its converter interleaves the two halves of each head. Row `r` of the Hugging Face weight is stored row
/// `unpermutedRows(heads:headSize:)[r]`: within a head, row `j · half + i` is stored as row `2i + j`.
/// Rows are kept whole, so this holds for quantised weights and for biases as well.
///
/// `headSize` must be even; `heads` is the number of query heads or of key-value heads.
public func unpermutedRows(heads: Int, headSize: Int) -> [Int] {
  precondition(heads >= 0 && headSize >= 0, "Counts of heads and rows cannot be negative.")
  precondition(headSize.isMultiple(of: 2), "A rotated head has an even number of rows.")
  let half = headSize / 2
  var rows: [Int] = []
  rows.reserveCapacity(heads * headSize)
  for head in 0..<heads {
    for part in 0..<2 {
      for index in 0..<half { rows.append(head * headSize + 2 * index + part) }
    }
  }
  return rows
}
