import Ledger
import Testing

@testable import closectl

@Suite struct FaultListTests {
  private func fault(_ line: Int, _ column: String, _ reason: String, all: Bool = false)
    -> RefusedRow
  {
    RefusedRow(line: line, column: column, reason: reason, isOfColumn: all)
  }

  @Test(arguments: [false, true])
  func `A form of a whole column is told once and hides no other kind`(keepsAll: Bool) {
    var list = FaultList(keepsAll: keepsAll)
    for line in 2...5001 {
      list.add([
        fault(line, "start", "\"2026-11-01\" is a date", all: true),
        fault(line, "end", "\"2026-11-02\" is a date", all: true),
      ])
    }
    list.add([fault(5002, "quantity", "\"x\" is not a number")])
    let (rows, more) = list.listed
    #expect(list.count == 5001)
    #expect(rows.map(\.row.line) == [2, 2, 5002])
    #expect(rows.map(\.alike) == [5000, 5000, 1])
    #expect(more == 0)
  }

  /// A row that is not kept here would be in neither the ledger nor the file of rejected rows.
  @Test func `Every row that has to be written is kept`() {
    var list = FaultList(keepsAll: true)
    for line in 1...FaultList.most {
      list.add([
        fault(line, "start", "\(line) is no time"), fault(line, "end", "\"x\" is no time"),
      ])
    }
    #expect(Set(list.rows.map(\.line)).count == FaultList.most)
    #expect(!list.isTooLong)
    list.add([fault(FaultList.most + 1, "end", "\"x\" is no time")])
    #expect(list.isTooLong)
  }

  @Test func `Of many alike twenty are shown and one of each other kind`() {
    var list = FaultList(keepsAll: false)
    for line in 2...101 { list.add([fault(line, "quantity", "\"\(line)x\" is not a number")]) }
    list.add([fault(102, "account_id", "account \"nobody\" is unknown")])
    let (rows, more) = list.listed
    #expect(rows.count == FaultList.shown)
    #expect(rows.map(\.row.line) == Array(2...20) + [102])
    #expect(more == 81)
  }
}
