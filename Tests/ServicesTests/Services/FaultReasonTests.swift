import Testing

@testable import Services

@Suite struct FaultReasonTests {
  /// Every fault of the gate, once.
  static let faults: [MessageFault] = [
    .wrongContentType("text/plain"), .tooLarge(bytes: 1), .notJSON(byte: 0, expected: "a value"),
    .tooDeep(byte: 1), .duplicateKey("id", byte: 1), .unknownType("x.v9"), .missing("data"),
    .invalid(place: "time", expected: "a time", found: "x"),
  ]

  @Test(arguments: faults) func theGatesWordsAreReasonsOfDeadLetters(_ fault: MessageFault) {
    #expect(FaultReason(rawValue: fault.reason) != nil)
  }
}
