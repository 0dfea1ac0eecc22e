print("placeholder")
import ArgumentParser
import Yams
