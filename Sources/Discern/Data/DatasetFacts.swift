/// What was found in a data set, for the report: nothing is skipped or changed without a number here.
public struct DatasetFacts: Equatable, Sendable {
  /// A label and how often it stands in the data set.
  public struct LabelCount: Equatable, Sendable {
    public var label: String
    public var count: Int
  }

  /// How many examples there are.
  public var rows = 0
  /// How many words they have in all, in a tagging task.
  public var tokens = 0
  /// How many blank lines were skipped (those that end CoNLL sentences not counted).
  public var blankRows = 0
  /// How many `-DOCSTART-` lines were skipped.
  public var documentStarts = 0
  /// How many comment lines were skipped.
  public var comments = 0
  /// How many multiword ranges and empty nodes of CoNLL-U were skipped.
  public var skippedNodes = 0
  /// How many texts are empty, or sentences without a word; they are kept.
  public var emptyInputs = 0
  /// How many examples are pairs of texts.
  public var pairs = 0
  /// How many texts have no label, where any number may apply.
  public var withoutLabel = 0
  /// Whether the labels are numbers.
  public var isNumeric = false
  /// The scheme of the tags as they stood in the file; nil where there are none.
  public var scheme: TagScheme?
  /// How many tags were changed to make them IOB2.
  public var convertedTags = 0
  /// How many tags broke the rules of their scheme; they are read leniently, none is lost.
  public var tagFaultCount = 0
  /// The first of these.
  public var tagFaults: [TagFault] = []
  /// How many rows were skipped because a person had rejected or ignored them (Prodigy).
  public var rejectedRows = 0
  /// How many spans counted UTF-16 units and were converted, told by the text that they cover.
  public var utf16Spans = 0
  /// How many spans could not be read as they stand, by what is wrong with them.
  public var spanFaultCounts: [SpanFault.Kind: Int] = [:]
  /// The first of these.
  public var spanFaults: [SpanFault] = []
  /// The labels with their counts, in the order of the label set; after conversion.
  public var labelCounts: [LabelCount] = []

  /// Nothing yet.
  public init() {}

  static let faultsKept = 20
}
