import Testing

@testable import Services

@Suite struct ReasonTableTests {
  @Test func everyReasonIsInTheTableOnceWithWhatToDo() throws {
    let documented = try OperationsTable.words(under: "### Reasons of dead letters")
    #expect(documented.sorted() == DeadLetter.reasons.sorted())
  }
}
