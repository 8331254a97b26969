// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// `Scripts/fuzz` sets it: the libraries then count what they run, and the fuzzer is built.
let isFuzzing = Context.environment["FUZZ"] != nil
let librarySettings =
  isFuzzing ? swiftSettings + [.unsafeFlags(["-sanitize=fuzzer,address"])] : swiftSettings

// Tests are built along with an optimised library; to optimise them too takes longer than it saves.
let testSettings: [SwiftSetting] = swiftSettings + [.unsafeFlags(["-Onone"])]

let package = Package(
  name: "Discern",
  products: [
    .library(name: "Discern", targets: ["Discern"]),
    .executable(name: "discern", targets: ["DiscernCLI"]),
    .executable(name: "make-random-model", targets: ["RandomModel"]),
  ],
  dependencies: [
    // Subcommands, validation and help pages that people expect from a Swift command.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Recipes are YAML files that people write by hand; Yams names the path of a wrong type.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(
      name: "CKernels",
      cSettings: [
        // Debug builds stay usable: the kernels are always optimised.
        .unsafeFlags(["-O3"], .when(configuration: .debug))
      ],
      linkerSettings: [.linkedLibrary("m"), .linkedLibrary("pthread")]),
    .target(name: "CFaults", linkerSettings: [.linkedLibrary("pthread")]),
    .target(name: "CAllocation", dependencies: ["CFaults"]),
    .target(name: "Compute", dependencies: ["CFaults", "CKernels"], swiftSettings: librarySettings),
    .target(name: "CHashes"),
    // zlib: gzip's decompressor, as every system has it.
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    // zstd: the compression of most Parquet files that snappy does not pack.
    .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "Formats", dependencies: ["CFaults", "CHashes", "CZlib", "CZstd"], swiftSettings: librarySettings),
    .target(
      name: "Discern",
      dependencies: ["Compute", "Formats", .product(name: "Yams", package: "Yams")],
      swiftSettings: librarySettings),
    .executableTarget(
      name: "DiscernCLI",
      dependencies: [
        "CAllocation", "CFaults", "Discern", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),
    // Models to measure with, for Scripts/make-random-model.
    .executableTarget(
      name: "RandomModel",
      dependencies: [
        "Compute", "Formats", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),
    // Every kernel on its own, to measure: the rows that the tests compare with float64.
    .executableTarget(
      name: "OpTable",
      dependencies: [
        "Compute", "Discern", "TestSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/OpTable", swiftSettings: swiftSettings),
    .target(
      name: "TestSupport", dependencies: ["Compute", "Discern"], path: "Tests/TestSupport",
      swiftSettings: swiftSettings),
    .target(
      name: "HostileFiles", dependencies: ["CZlib", "Compute", "Discern", "Formats", "TestSupport"],
      path: "Tests/HostileFiles", exclude: ["Kept"], swiftSettings: swiftSettings),
    .testTarget(
      name: "ComputeTests", dependencies: ["Compute", "CKernels", "TestSupport"],
      swiftSettings: swiftSettings),
    .testTarget(
      name: "FormatsTests", dependencies: ["Formats", "CZlib", "TestSupport"], exclude: ["Fixtures"],
      swiftSettings: testSettings),
    .testTarget(
      name: "DiscernTests",
      dependencies: ["Discern", "Compute", "Formats", "HostileFiles", "TestSupport"],
      exclude: ["Fixtures"], swiftSettings: testSettings),
    .testTarget(
      name: "CLITests",
      dependencies: ["DiscernCLI", "RandomModel", "Discern", "Compute", "Formats", "TestSupport"],
      exclude: ["Snapshots"], swiftSettings: testSettings),
  ],
  cLanguageStandard: .gnu11
)

if isFuzzing {
  package.targets += [
    .target(name: "FuzzDriver", path: "Tests/FuzzDriver"),
    .executableTarget(
      name: "Fuzz", dependencies: ["FuzzDriver", "HostileFiles"], path: "Tests/Fuzz",
      swiftSettings: swiftSettings),
  ]
}
