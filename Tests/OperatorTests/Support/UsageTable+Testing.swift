@testable import closectl

extension UsageTable {
  /// All of a file with this text, but for its end.
  static func steps(_ text: String) throws -> [UsageStep] {
    let scratch = try Scratch()
    let table = try UsageTable(try FileBytes(try scratch.write(text, to: "usage.csv")))
    var result: [UsageStep] = []
    while true {
      let step = try table.next()
      if step == .end { return result }
      result.append(step)
    }
  }
}
