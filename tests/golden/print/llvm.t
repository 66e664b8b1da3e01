# LLVM IR of the same kernel.
# $ frit compile case.graph --target x86-64-v3 --dump-ir=llvm
graph leaky(x: f32[10]) -> (y: f32[10]) {
  y = leaky_relu(x);
}
--- out
; ModuleID = 'leaky'
source_filename = "leaky"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

@leaky_info = constant [146 x i8] c"frit 1\0Aname leaky\0Atarget x86-64-v3\0Acompiler 0.1.0\0Ahash ab91600b0dd02516\0Astate 0 64\0Ascratch 0 64\0Ainput x f32 10\0Aoutput y f32 10\0Aflops 30\0Abytes 80\0A\00", align 1

; Function Attrs: nocallback nofree nosync nounwind willreturn memory(argmem: read)
declare <4 x float> @llvm.masked.load.v4f32.p0(ptr nocapture, i32 immarg, <4 x i1>, <4 x float>) #0

; Function Attrs: nocallback nofree nosync nounwind willreturn memory(argmem: write)
declare void @llvm.masked.store.v4f32.p0(<4 x float>, ptr nocapture, i32 immarg, <4 x i1>) #1

; Function Attrs: nounwind
define void @leaky_init(ptr %0) #2 {
  ret void
}

; Function Attrs: nounwind
define i32 @leaky_call(ptr %0, ptr %1, ptr %2, ptr %3, ptr %4) #2 {
  %6 = icmp eq ptr %0, null
  br i1 %6, label %7, label %8

7:                                                ; preds = %5
  ret i32 2

8:                                                ; preds = %5
  %9 = getelementptr inbounds ptr, ptr %0, i32 0
  %10 = load ptr, ptr %9, align 8
  %11 = icmp eq ptr %10, null
  br i1 %11, label %12, label %13

12:                                               ; preds = %8
  ret i32 2

13:                                               ; preds = %8
  %14 = getelementptr inbounds ptr, ptr %0, i32 1
  %15 = load ptr, ptr %14, align 8
  %16 = icmp eq ptr %15, null
  br i1 %16, label %17, label %18

17:                                               ; preds = %13
  ret i32 2

18:                                               ; preds = %13
  %19 = load <8 x float>, ptr %10, align 4
  %20 = fcmp olt <8 x float> %19, zeroinitializer
  %21 = fmul <8 x float> <float 0x3F847AE140000000, float 0x3F847AE140000000, float 0x3F847AE140000000, float 0x3F847AE140000000, float 0x3F847AE140000000, float 0x3F847AE140000000, float 0x3F847AE140000000, float 0x3F847AE140000000>, %19
  %22 = select <8 x i1> %20, <8 x float> %21, <8 x float> %19
  store <8 x float> %22, ptr %15, align 4
  %23 = getelementptr inbounds float, ptr %10, i64 8
  %24 = call <4 x float> @llvm.masked.load.v4f32.p0(ptr %23, i32 4, <4 x i1> <i1 true, i1 true, i1 false, i1 false>, <4 x float> zeroinitializer)
  %25 = fcmp olt <4 x float> %24, zeroinitializer
  %26 = fmul <4 x float> <float 0x3F847AE140000000, float 0x3F847AE140000000, float 0x3F847AE140000000, float 0x3F847AE140000000>, %24
  %27 = select <4 x i1> %25, <4 x float> %26, <4 x float> %24
  %28 = getelementptr inbounds float, ptr %15, i64 8
  call void @llvm.masked.store.v4f32.p0(<4 x float> %27, ptr %28, i32 4, <4 x i1> <i1 true, i1 true, i1 false, i1 false>)
  ret i32 0
}

; Function Attrs: nounwind
define i32 @leaky_run(ptr %0, ptr %1, ptr %2, ptr %3) #2 {
  %5 = alloca [3 x ptr], align 8
  %6 = getelementptr inbounds ptr, ptr %5, i32 0
  store ptr %0, ptr %6, align 8
  %7 = getelementptr inbounds ptr, ptr %5, i32 1
  store ptr %1, ptr %7, align 8
  %8 = alloca [1 x i64], align 8
  %9 = call i32 @leaky_call(ptr %5, ptr %2, ptr %3, ptr %8, ptr null)
  ret i32 %9
}

attributes #0 = { nocallback nofree nosync nounwind willreturn memory(argmem: read) }
attributes #1 = { nocallback nofree nosync nounwind willreturn memory(argmem: write) }
attributes #2 = { nounwind "no-builtins" "no-trapping-math"="true" }
--- end
